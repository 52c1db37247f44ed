import TestSupport
import Testing

/// A protected host is shut down like any other, and what only looks like a shutdown is healed.
@Suite(.bootsMachines)
struct ShutdownTests {
  @Test("power off takes no more than 5 seconds longer than without Holdfast")
  func powerOff() async throws {
    var bare = Duration.zero
    try await withMachine { machine in
      try await ProtectedDisk.installExamples(on: machine)
      bare = try await machine.powerOff()
    }
    try await withProtectedHost { host in
      var protected = try await host.machine.powerOff()
      // What else is running here only ever makes it longer.
      for _ in 1...2 where protected >= bare + .seconds(5) {
        try await host.machine.boot()
        protected = min(protected, try await host.machine.powerOff())
      }
      #expect(protected < bare + .seconds(5), "\(protected), without Holdfast \(bare)")
    }
  }

  /// What is done first, and then in the same breath the command.
  static let shutdowns: [(before: String, command: String)] = [
    ("", "systemctl poweroff"),
    ("", "systemctl halt"),
    ("", "shutdown -h now"),
    // Unlike the others, one that any start job may replace.
    ("", "systemctl start --no-block poweroff.target"),
    (
      """
      (while :; do systemctl kill --signal=KILL holdfastd; sleep 0.05; done) >/dev/null 2>&1 &
      sleep 0.5
      """, "systemctl poweroff"
    ),
    (
      "echo 1 >/sys/fs/cgroup/holdfastd.service/cgroup.freeze",
      "systemctl poweroff"
    ),
    ("systemctl mask --runtime --now systemd-logind dbus.socket dbus", "systemctl poweroff"),
  ]

  @Test("services get their normal stop, whoever asks and whatever became of the daemon")
  func normalStop() async throws {
    try await withProtectedHost { host in
      try await makeStopVisible(on: host)
      let machine = host.machine
      for (before, command) in Self.shutdowns {
        var took = Duration.seconds(60)
        // Again where it took long: what else is running here only ever makes it longer.
        for _ in 1...3 where took >= .seconds(8) {
          try await machine.must("rm -f \(Self.witness)")
          _ = try await machine.run("\(before)\n\(command)")
          took = min(took, try await machine.hasPoweredOff())
          let stop = (try? machine.read(Self.witness)) ?? "no stop at all"
          #expect(stop == "stopping\nstopped\n", "\(before) \(command)")
          try await machine.boot()
        }
        #expect(took < .seconds(8), "\(before) \(command): \(took)")
      }
      try await host.expectProtected()
    }
  }

  @Test(
    "called off, everything is up and protected again",
    arguments: ["replace", "replace-irreversibly"])
  func calledOff(mode: String) async throws {
    try await withProtectedHost { host in
      // Long enough for what follows to come in the middle of it.
      try await makeStopVisible(on: host, seconds: 5)
      let machine = host.machine
      try await machine.must(
        """
        systemctl start --no-block --job-mode=\(mode) reboot.target
        sleep 0.3
        systemctl cancel
        """)
      let back = try await machine.eventually(
        "is-whole \(ProtectedHost.agent) && is-whole \(ProtectedHost.daemon)")
      let state = try await machine.run("systemctl status holdfastd; systemctl list-jobs")
      #expect(back, "\(state)")
      try await host.expectProtected()
    }
  }

  @Test("a shutdown at a later time, and taking that back, changes nothing")
  func scheduled() async throws {
    try await withProtectedHost { host in
      let before = try await host.machine.must("systemctl show -P MainPID example-agent")
      try await host.allows("shutdown -r +1; shutdown -c")
      try await host.allows("systemctl start sleep.target; systemctl stop sleep.target")
      let after = try await host.machine.must("systemctl show -P MainPID example-agent")
      #expect(before == after)
      try await host.expectProtected()
    }
  }

  @Test("what stops services like a shutdown and leads nowhere is healed")
  func staged() async throws {
    try await withProtectedHost { host in
      try await host.machine.must(
        """
        printf '%s\\n' '[Unit]' DefaultDependencies=no Requires=shutdown.target \\
          After=shutdown.target '[Service]' ExecStart='/bin/sleep 600' \\
          >/run/systemd/system/staged.service
        """)
      try await host.withstands(
        "systemctl daemon-reload; systemctl start --no-block staged; sleep 1")
    }
  }

  @Test("a reboot comes back protected")
  func reboot() async throws {
    try await withProtectedHost { host in
      try await host.machine.reboot()
      try await host.expectProtected()
    }
  }

  private static let witness = "/var/lib/stop-of-agent"

  /// Has the service tell of its normal stop, which takes that long.
  private func makeStopVisible(on host: ProtectedHost, seconds: Int = 1) async throws {
    let machine = host.machine
    try await host.unprotect()
    try machine.write(
      "/usr/local/bin/stop-agent",
      "#!/bin/sh\necho stopping >\(Self.witness)\nsleep \(seconds)\necho stopped >>\(Self.witness)\n"
    )
    try await machine.must(
      """
      chmod 0755 /usr/local/bin/stop-agent
      mkdir -p /etc/systemd/system/example-agent.service.d
      printf '[Service]\\nExecStop=/usr/local/bin/stop-agent\\n' \
        >/etc/systemd/system/example-agent.service.d/stop.conf
      systemctl daemon-reload
      holdfast protect
      """)
  }
}
