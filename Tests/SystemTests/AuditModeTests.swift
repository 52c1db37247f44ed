import JSON
import TestSupport
import Testing

/// `Mode=audit`: the same decisions, recorded and not enforced.
@Suite(.bootsMachines)
struct AuditModeTests {
  /// Everything but Holdfast's own: names, owners, modes, flags, contents.
  private let digest = """
    find /etc /usr/sbin /usr/lib/systemd /var/lib/dpkg -xdev -not -path '/etc/holdfast*' \
      \\( -type f -exec sh -c 'for f; do
        echo "$(stat -c "%n %a %u %g" "$f") $(md5sum <"$f") $(lsattr "$f" | cut -c 5)"; done' - {} + \
      -o -printf '%p %y %l\\n' \\) | sort | md5sum
    """

  @Test("on the whole host: nothing is changed or refused, and all of it is on record")
  func wholeHost() async throws {
    try await withMachine { machine in
      try await ProtectedDisk.installHoldfast(on: machine)
      try await ProtectedDisk.installExamples(on: machine)
      let host = ProtectedHost(machine: machine)
      try await machine.must(
        "printf '[Protection]\\nMode=audit\\n' >/etc/holdfast/holdfast.conf"
          + " && systemctl restart holdfastd")
      let before = try await machine.must(digest)
      try await host.enrol()
      try await host.allows("holdfast guard add example-agent")
      #expect(try await host.becomesProtected())
      #expect(try await machine.must(digest) == before)
      let status = try await host.status()
      #expect(status["mode"] == "audit")
      #expect(status["services"]?["example-agent.service"]?["state"] == "audit")

      func recorded(_ what: String) async throws -> Bool {
        try await machine.eventually("holdfast log | grep -q '\(what)'")
      }
      try await host.allows("systemctl stop example-agent && systemctl start example-agent")
      #expect(try await recorded("would_have_refused .*was stopped"))
      try await host.allows("kill -9 \"$(systemctl show -p MainPID --value example-agent)\"")
      #expect(try await recorded("would_have_healed .*ended or was killed"))
      try await host.allows("systemctl mask example-agent && systemctl unmask example-agent")
      #expect(try await recorded("would_have_healed .*masked it"))
      try await host.allows("echo '# more' >>/usr/sbin/example-agent")
      #expect(try await recorded("would_have_refused .*sbin/example-agent was replaced"))
      try await host.allows("dpkg --remove example-agent")
      #expect(try await recorded("would_have_refused .*example-agent was removed"))
    }
  }

  @Test("one service: to audit in an open window only, back to enforce at any time")
  func oneService() async throws {
    try await withProtectedHost { host in
      let machine = host.machine
      let file = "/etc/holdfast/services.d/example-agent.conf"
      try machine.write(file, "[Service]\nUnit=example-agent.service\nMode=audit\n")
      #expect(try await machine.run("holdfast reload").status == 1)
      try await host.expectProtected()

      try await host.unprotect(services: [ProtectedHost.agent])
      try await host.allows("holdfast reload && holdfast protect")
      #expect(try await host.becomesProtected())
      #expect(
        try await host.status()["services"]?["example-agent.service"]?["state"] == "audit")
      try await host.allows("systemctl stop example-agent && systemctl start example-agent")
      try await host.allows("touch /usr/sbin/example-agent && lsattr /usr/sbin/example-agent")
      try await host.refuses("systemctl stop holdfastd", on: ProtectedHost.daemon)

      try machine.write(file, "[Service]\nUnit=example-agent.service\nMode=enforce\n")
      try await host.allows("holdfast reload")
      try await host.expectProtected()
    }
  }
}
