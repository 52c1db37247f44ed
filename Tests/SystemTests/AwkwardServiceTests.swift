import JSON
import TestSupport
import Testing

/// `guard add` of services that are not as simple as they look, and of what cannot be protected.
@Suite(.bootsMachines)
struct AwkwardServiceTests {
  /// Each with what keeps it company.
  private static let services = [
    "awkward@a", #"awkward@c\x2dd"#, "awkward-sock", "awkward-timed", "awkward-path",
    "awkward-fork", "awkward-once", "awkward-dyn", "awkward-reload",
  ]
  private static let triggers = ["awkward-sock.socket", "awkward-timed.timer", "awkward-path.path"]

  @Test("services of every awkward kind are protected by one command, with what starts them")
  func everyKind() async throws {
    try await withProtectedHost { host in
      let machine = host.machine
      try await AwkwardPackage.install(on: machine)
      let names = Self.services.map { "'\($0)'" }.joined(separator: " ")
      try await host.allows("holdfast guard add \(names)")
      #expect(try await host.becomesProtected())

      let services = Self.services.map { "\($0).service" }
      for unit in services + Self.triggers {
        for command in ["stop", "mask --now", "disable --now"] {
          let output = try await machine.run("systemctl \(command) '\(unit)'")
          #expect(!output.succeeded, "\(command) \(unit): \(output)")
        }
      }
      let killed = services.filter { $0 != "awkward-once.service" }
      for unit in killed {
        try await machine.must("kill -9 \"$(systemctl show -p MainPID --value '\(unit)')\"")
      }
      for unit in services + Self.triggers {
        let probe = """
          [ "$(systemctl show -p LoadState -p ActiveState --value '\(unit)' | tr '\\n' ' ')" \
            = 'loaded active ' ] && [ "$(systemctl is-enabled '\(unit)')" != disabled ]
          """
        #expect(try await machine.eventually(probe), "\(unit)")
      }

      // What is not protected, and what its definition allows.
      try await host.allows("systemctl stop awkward@b && systemctl start awkward@b")
      try await host.allows("systemctl reload awkward-reload")
      #expect(try await machine.eventually("grep -q reloaded /run/awkward-reload.log"))
      #expect(try await host.becomesProtected())
    }
  }

  @Test("an instance goes by its template's drop-ins as they were, whatever becomes of those")
  func sharedDropIns() async throws {
    try await withProtectedHost { host in
      let machine = host.machine
      try await AwkwardPackage.install(on: machine)
      try await host.allows("holdfast guard add awkward@a")
      let shared = "/usr/lib/systemd/system/awkward@.service.d"
      for command in [
        "rm \(shared)/10-env.conf", "printf '[Service]\\nNice=7\\n' >\(shared)/10-env.conf",
        "printf '[Service]\\nNice=7\\n' >\(shared)/20-more.conf",
      ] {
        _ = try await machine.run("\(command); systemctl daemon-reload")
        let probe =
          "[ \"$(systemctl show -p Environment -p Nice awkward@a | sort | tr '\\n' ' ')\" "
          + "= 'Environment=FROM_TEMPLATE=yes Nice=0 ' ]"
        #expect(try await machine.eventually(probe), "\(command)")
      }
    }
  }

  @Test("an alias is the service that it stands for, wherever a unit is named")
  func alias() async throws {
    try await withProtectedHost { host in
      let machine = host.machine
      try await AwkwardPackage.install(on: machine)
      let added = try await machine.must("holdfast guard add --json awkward-other")
      let reply = try JSON.parse(Array(added.utf8))
      #expect(reply["unit"] == "awkward-reload.service")
      #expect(reply["asked"] == "awkward-other.service")
      #expect(reply["allow_signals"] == ["USR1", "HUP"])
      #expect(reply["logs"] == ["/var/log/awkward/*.log", "/var/log/awkward.log"])
      let token = host.token()
      try machine.write("/root/token", token + "\n")
      try await host.allows("holdfast unprotect --file /root/token --only awkward-other")
      try await host.allows("systemctl stop awkward-reload")
      try await host.allows("holdfast guard remove awkward-other")
      #expect(try await host.status()["services"]?["awkward-reload.service"] == nil)
      try await host.allows("holdfast protect")
      try await host.expectProtected()
    }
  }

  @Test("what cannot be protected is refused with a reason, and nothing is left of the attempt")
  func refusals() async throws {
    try await withProtectedHost { host in
      let machine = host.machine
      try await AwkwardPackage.install(on: machine)
      try await machine.must(
        """
        systemctl stop awkward-dyn; systemctl mask awkward-dyn
        systemd-run --quiet --unit=passing sleep 1000
        printf '[Service]\\nExecStart=/bin/sleep 1000\\n' >/run/systemd/system/fleeting.service
        mkdir -p /etc/init.d && printf '#!/bin/sh\\n# Provides: old\\nexit 0\\n' >/etc/init.d/old
        chmod 0755 /etc/init.d/old && systemctl daemon-reload
        """)
      let look = "ls /var/lib/holdfast/baseline /etc/holdfast/services.d | md5sum"
      let before = try await machine.must(look)
      for (unit, code) in [
        ("nothing.service", "unit_unknown"), ("ssh.service", "unit_unknown"),
        ("awkward-dyn.service", "unit_unsupported"), ("awkward@.service", "unit_unsupported"),
        ("awkward-passing.service", "unit_unsupported"), ("passing.service", "unit_unsupported"),
        ("fleeting.service", "unit_unsupported"), ("old.service", "unit_unsupported"),
        ("awkward-sock.socket", "unit_unsupported"), ("holdfastd.socket", "unit_unsupported"),
        ("dbus.service", "unit_unsupported"), ("systemd-journald.service", "unit_unsupported"),
        ("multi-user.target", "unit_unsupported"), ("../escape.service", "bad_arguments"),
        (String(repeating: "a", count: 220) + ".service", "unit_unsupported"),
      ] {
        let output = try await machine.run("holdfast guard add --json '\(unit)'")
        #expect(output.status == 1 && output.text.contains("\"\(code)\""), "\(unit): \(output)")
      }
      // What fails for one does not keep the others from being looked at.
      let several = try await machine.run("holdfast guard add --dry-run nothing awkward-fork")
      #expect(several.status == 1 && several.text.contains("awkward-fork.service"), "\(several)")
      #expect(try await machine.must(look) == before)
      try await host.expectProtected()
    }
  }

  @Test("many at once all succeed, and a full disk leaves nothing behind")
  func adversity() async throws {
    try await withProtectedHost { host in
      let machine = host.machine
      try await AwkwardPackage.install(on: machine)
      let adds = ["awkward-fork", "awkward-dyn", "awkward-fork", "awkward@a"].map {
        "holdfast guard add \($0) >/dev/null & jobs=\"$jobs $!\""
      }.joined(separator: "\n")
      try await host.allows("jobs=\n\(adds)\nfor job in $jobs; do wait $job || exit 1; done")
      #expect(try await host.status()["services"]?.members?.count == 5)

      try await machine.must(
        "dd if=/dev/zero of=/root/fill bs=1M; dd if=/dev/zero of=/root/more bs=1k; true")
      let full = try await machine.run("holdfast guard add --json awkward-reload")
      #expect(full.status == 1 && full.text.contains("internal"), "\(full)")
      #expect(try await host.status()["services"]?["awkward-reload.service"] == nil)
      try await machine.must("rm /root/fill /root/more")
      try await host.allows("holdfast guard add awkward-reload")
      #expect(try await host.becomesProtected())
    }
  }

  @Test("an agent that its vendor put into /opt needs LocalGuards=any, and its data stays its own")
  func unpackaged() async throws {
    try await withProtectedHost { host in
      let machine = host.machine
      try await machine.must(
        """
        mkdir -p /opt/agent/bin /opt/agent/etc && cp /usr/bin/sleep /opt/agent/bin/agent
        cp /bin/true /opt/agent/bin/helper && echo 1 >/opt/agent/bin/state
        echo 'level: 1' >/opt/agent/etc/agent.yml && echo data >/opt/agent/agent.db
        printf '#!/bin/sh\\nexec /opt/agent/bin/agent 100000\\n' >/opt/agent/bin/run
        chmod 0755 /opt/agent/bin/run
        printf '[Service]\\nExecStart=/opt/agent/bin/run --config=%s --data %s\\n' \
          /opt/agent/etc/agent.yml /opt/agent/agent.db >/etc/systemd/system/vendor.service
        systemctl daemon-reload && systemctl start vendor
        """)
      let refused = try await machine.run("holdfast guard add vendor")
      #expect(refused.status == 1 && refused.text.contains("LocalGuards=any"), "\(refused)")
      try await host.unprotect()
      try await machine.must(
        "echo '[Protection]\nLocalGuards=any' >/etc/holdfast/holdfast.conf && holdfast reload")
      let added = try await host.allows("holdfast guard add --json vendor; holdfast protect")
      for path in ["bin/run", "bin/agent", "bin/helper", "etc/agent.yml"] {
        #expect(added.text.contains("\"/opt/agent/\(path)\""), "\(path): \(added)")
        #expect(try await !machine.run("rm -f /opt/agent/\(path)").succeeded, "\(path)")
      }
      try await host.allows("echo 2 >/opt/agent/bin/state && echo more >>/opt/agent/agent.db")
      #expect(try await !machine.run("systemctl stop vendor").succeeded)
    }
  }
}
