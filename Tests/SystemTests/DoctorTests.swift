import JSON
import TestSupport
import Testing

/// What `holdfast doctor` says of a host, and that `--prove` attacks the canary and nothing else.
@Suite(.bootsMachines)
struct DoctorTests {
  @Test("doctor judges every class, and its exit status says whether all is whole")
  func judging() async throws {
    try await withProtectedHost { host in
      let machine = host.machine
      let reply = try await json("holdfast doctor --json", on: machine)
      #expect(reply["ok"]?.bool == true)
      #expect(reply["whole"]?.bool == true)
      let classes = reply["classes"]?.array ?? []
      let ids = classes.compactMap { $0["id"]?.string }
      #expect(Set(ids).count == ids.count)
      #expect(ids.count >= 40)
      var counts: [String: Int64] = [:]
      for entry in classes {
        counts[entry["verdict"]?.string ?? "", default: 0] += 1
        #expect(entry["title"]?.string?.isEmpty == false)
        #expect(entry["reason"]?.string?.isEmpty == false)
      }
      for verdict in ["refused", "healed", "possible"] {
        #expect(reply[verdict]?.integer == counts[verdict] ?? 0)
      }
      let text = try await machine.must("holdfast doctor")
      #expect(text.hasSuffix("tries them on a canary"))
      #expect(text.contains("\(ids.count) classes: "))
      // Members may ask, others may not; and without a kernel shield something is possible.
      #expect(try await machine.run("su -c 'holdfast doctor' ana").status == 0)
      #expect(try await machine.run("su -c 'holdfast doctor' mallory").status == 4)
      #expect(try await machine.run("su -c 'holdfast doctor --prove' ana").status == 4)
      #expect(try await machine.run("holdfast doctor --strict").status == 1)
      #expect(try await machine.run("holdfast doctor nothing-there").status == 1)
      #expect(try await machine.run("holdfast doctor --prove --strict").status == 2)

      try await host.unprotect()
      let open = try await machine.run("holdfast doctor --json")
      #expect(open.status == 1)
      #expect(open.line.contains(#""whole":false"#))
      let proof = try await machine.run("holdfast doctor --prove")
      #expect(proof.status == 1)
      #expect("\(proof)".contains("unprotected until"))
      try await machine.must("holdfast protect")
      try await machine.must("holdfast doctor")

      #expect(try await machine.run("holdfast doctor --socket /run/none").status == 3)
    }
  }

  @Test("a host that is not enrolled is not judged, and the canary is not guarded by hand")
  func notEnrolled() async throws {
    try await withMachine { machine in
      try await ProtectedDisk.installHoldfast(on: machine)
      #expect(try await machine.run("holdfast doctor").status == 5)
      #expect(try await machine.run("holdfast doctor --prove").status == 5)
    }
  }

  @Test("proving goes as doctor says, and leaves the host as it was")
  func proving() async throws {
    try await withProtectedHost(limit: 400) { host in
      let machine = host.machine
      try await prepare(machine)
      let before = try await machine.must("look")
      let output = try await machine.run("holdfast doctor --prove --json", timeout: 240)
      #expect(output.status == 0, "\(output)")
      let lines = output.line.split(separator: "\n").compactMap { try? JSON.parse(Array($0.utf8)) }
      let sum = try #require(lines.last)
      #expect(sum["ok"]?.bool == true)
      #expect(sum["unexpected"]?.array?.isEmpty == true)
      #expect((sum["attacks"]?.integer ?? 0) >= 25)
      for trial in lines.dropLast() where trial["verdict"]?.string == "succeeded" {
        #expect(trial["expected"]?.string == "possible", "\(trial.encoded())")
      }
      #expect(try await machine.must("look") == before)
      try await host.expectProtected()
      // Nobody else noticed.
      #expect(
        try await machine.must("systemctl show --value -p NRestarts example-agent") == "0")
      #expect(try await machine.run("holdfast guard add holdfast-canary").status == 1)
    }
  }

  @Test("however a proving ends, nothing of it is left", arguments: ["INT", "TERM", "KILL"])
  func interrupting(signal: String) async throws {
    try await withProtectedHost(limit: 300) { host in
      let machine = host.machine
      try await prepare(machine)
      let before = try await machine.must("look")
      for seconds in [1, 6] {
        let output = try await machine.run(
          "timeout --preserve-status -s \(signal) \(seconds) holdfast doctor --prove", timeout: 60)
        #expect(output.status > 128, "\(output)")
        let isGone = try await machine.eventually(
          "! systemctl list-units --all --no-legend 'holdfast-*' | grep -q prove")
        #expect(isGone)
        try await expectAsBefore(before, machine)
      }
      try await host.expectProtected()
    }
  }

  @Test("a daemon that is killed in a proving lets go of the canary when it is back")
  func daemonKilled() async throws {
    try await withProtectedHost(limit: 300) { host in
      let machine = host.machine
      try await prepare(machine)
      let before = try await machine.must("look")
      let output = try await machine.run(
        """
        (sleep 5; kill -9 $(systemctl show --value -p MainPID holdfastd)) &
        holdfast doctor --prove
        """, timeout: 60)
      #expect(output.status == 3, "\(output)")
      try await expectAsBefore(before, machine)
      try await host.expectProtected()
    }
  }

  /// In the end nothing is left of a proving.
  private func expectAsBefore(_ before: String, _ machine: Machine) async throws {
    let end = ContinuousClock.now + .seconds(Machine.patience)
    var after = ""
    repeat { after = try await machine.must("sleep 1; look") } while after != before && .now < end
    #expect(after == before)
  }

  private func json(_ command: String, on machine: Machine) async throws -> JSON {
    try JSON.parse(Array(try await machine.must(command).utf8))
  }

  /// Installs `look`, which says what a proving could have changed.
  private func prepare(_ machine: Machine) async throws {
    try machine.write(
      "/usr/local/bin/look",
      #"""
      #!/bin/sh
      holdfast guard list --json
      find /etc/systemd /etc/holdfast /etc/apt /run/systemd/system /run/systemd/system-generators \
        /run/systemd/transient /usr/lib/systemd /usr/libexec/holdfast 2>/dev/null | sort |
        while read -r path; do
          echo "$path $(stat -c '%f %u %g' "$path" 2>&1) $(readlink "$path")"
          [ ! -f "$path" ] || [ -L "$path" ] ||
            echo "  $(sha256sum <"$path") $(lsattr -d "$path" | cut -d' ' -f1)"
        done
      systemctl list-units --all --no-legend --plain 'holdfast*' | cut -d' ' -f1
      ls /run | grep holdfast
      grep -c holdfast /proc/self/mountinfo
      find /sys/fs/cgroup -maxdepth 1 -name 'holdfast*'
      """#)
    // systemd keeps its folder for transient units once there was one.
    try await machine.must("chmod 0755 /usr/local/bin/look; systemd-run -q --wait true; sleep 1")
  }
}
