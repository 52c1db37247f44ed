import TestSupport
import Testing

/// What root does to the unit of a protected service, and to the daemon's own, by way of systemd.
@Suite(.bootsMachines)
struct UnitAttackTests {
  static let units = [ProtectedHost.agent, ProtectedHost.daemon]

  @Test("stop and restart by hand are refused", arguments: units)
  func stopping(unit: String) async throws {
    try await withProtectedHost { host in
      let name = unit.dropLast(".service".count)
      for command in [
        "systemctl stop \(name)",
        "systemctl stop \(unit)",
        "systemctl stop '\(name)*'",
        "systemctl stop --job-mode=replace-irreversibly \(unit)",
        "systemctl stop --job-mode=ignore-dependencies \(unit)",
        "systemctl stop --no-block \(unit)",
        "systemctl restart \(unit)",
        "systemctl try-restart \(unit)",
        "systemctl reload-or-restart \(unit)",
        "deb-systemd-invoke stop \(unit)",
        "invoke-rc.d \(name) stop",
        "busctl call org.freedesktop.systemd1 /org/freedesktop/systemd1 "
          + "org.freedesktop.systemd1.Manager StopUnit ss \(unit) replace",
      ] {
        try await host.refuses(command, on: unit)
      }
    }
  }

  @Test(
    "disable and mask are refused or healed, and not in effect at the next boot",
    arguments: units)
  func switchingOff(unit: String) async throws {
    try await withProtectedHost { host in
      for command in [
        "systemctl disable \(unit)",
        "systemctl disable --now \(unit)",
        "systemctl mask \(unit)",
        "systemctl mask --now \(unit)",
        "systemctl mask --runtime \(unit)",
        "systemctl mask --runtime --now \(unit)",
        "ln -sf /dev/null /etc/systemd/system/\(unit); systemctl daemon-reload",
        "ln -sf /dev/null /run/systemd/system/\(unit); systemctl daemon-reload",
        "systemctl revert \(unit)",
        "rm -f /etc/systemd/system/*.wants/\(unit); systemctl daemon-reload",
      ] {
        try await host.withstands(command, on: unit)
      }
      try await host.machine.reboot()
      try await host.expectProtected()
    }
  }

  /// The directories that systemd reads units from, systemd.unit(5); those of generators are
  /// emptied by the reload itself.
  static let unitDirectories = [
    "/etc/systemd/system.control", "/run/systemd/system.control", "/run/systemd/transient",
    "/run/systemd/generator.early", "/etc/systemd/system", "/etc/systemd/system.attached",
    "/run/systemd/system", "/run/systemd/system.attached", "/run/systemd/generator",
    "/usr/local/lib/systemd/system", "/usr/lib/systemd/system", "/run/systemd/generator.late",
  ]

  @Test("drop-ins in every directory are never in effect at the next start")
  func dropIns() async throws {
    try await withProtectedHost { host in
      for directory in Self.unitDirectories {
        for folder in ["example-agent.service.d", "example-.service.d", "service.d"] {
          let path = "\(directory)/\(folder)"
          try await host.withstands(
            """
            mkdir -p \(path) && printf '%s\\n' '[Service]' 'ExecStart=' \
              'ExecStart=/bin/sleep 1000' '[Unit]' 'RefuseManualStop=no' >\(path)/zzz.conf
            systemctl daemon-reload
            """)
          // Whoever kills it now must not find it started in another way.
          try await host.withstands("systemctl kill --signal=KILL example-agent")
          _ = try await host.machine.run("rm -f \(path)/zzz.conf; systemctl daemon-reload")
        }
      }
    }
  }

  @Test("a unit file of the same name in another directory is never in effect at the next start")
  func shadows() async throws {
    try await withProtectedHost { host in
      for directory in Self.unitDirectories where directory != "/usr/lib/systemd/system" {
        try await host.withstands(
          """
          mkdir -p \(directory) && printf '%s\\n' '[Service]' 'ExecStart=/bin/sleep 1000' \
            >\(directory)/example-agent.service
          systemctl daemon-reload
          """)
        try await host.withstands("systemctl kill --signal=KILL example-agent")
      }
    }
  }

  @Test("systemctl edit and set-property change nothing that counts", arguments: units)
  func overriding(unit: String) async throws {
    try await withProtectedHost { host in
      for command in [
        "printf '[Service]\\nExecStart=\\nExecStart=/bin/sleep 1000\\n' | "
          + "SYSTEMD_EDITOR=tee systemctl edit --force \(unit)",
        "printf '[Service]\\nRestart=no\\n' | "
          + "SYSTEMD_EDITOR=tee systemctl edit --runtime --force \(unit)",
        "systemctl set-property \(unit) MemoryMax=1M",
        "systemctl set-property --runtime \(unit) TasksMax=1",
        "systemctl link /root/\(unit)",
      ] {
        try await host.withstands(command, on: unit)
        try await host.withstands("systemctl kill --signal=KILL \(unit)", on: unit)
      }
    }
  }

  @Test("a unit that conflicts stops the service, which comes back by itself")
  func conflicts() async throws {
    try await withProtectedHost { host in
      for (number, line) in [
        "Conflicts=example-agent.service", "Conflicts=holdfastd.service",
        "Conflicts=example-agent.service holdfastd.service",
        "PropagatesStopTo=example-agent.service",
      ].enumerated() {
        try host.machine.write(
          "/etc/systemd/system/evil\(number).service",
          "[Unit]\n\(line)\n[Service]\nType=oneshot\nExecStart=/bin/true\n")
        try await host.withstands("systemctl daemon-reload; systemctl start evil\(number)")
        try await host.withstands("systemctl stop evil\(number)", on: ProtectedHost.daemon)
      }
      // A transient one, which stays.
      try await host.withstands(
        "systemd-run --unit=evil -p Conflicts=example-agent.service sleep 5; sleep 0.1")
    }
  }

  @Test("whatever signal, the service and the daemon are back by themselves", arguments: units)
  func signals(unit: String) async throws {
    try await withProtectedHost { host in
      // Between two of its lives it has no process, and 0 would be whoever kills.
      let process =
        "$(until p=$(systemctl show --value -p MainPID \(unit)); [ \"$p\" -gt 1 ]; do :; done; echo $p)"
      for signal in ["KILL", "TERM", "INT", "HUP", "SEGV", "ABRT", "QUIT"] {
        try await host.withstands("kill -\(signal) \(process)", on: unit)
      }
      for command in [
        "systemctl kill --signal=KILL --kill-whom=all \(unit)",
        "for i in 1 2 3 4 5 6 7 8; do kill -9 \(process); sleep 0.05; done",
      ] {
        try await host.withstands(command, on: unit)
      }
      // Where it is the daemon that stands still, its watchdog ends that.
      try await host.withstands("kill -STOP \(process)", on: unit)
      try await host.withstands("systemctl freeze \(unit)", on: unit)
      try await host.withstands("systemctl kill --signal=STOP \(unit)", on: unit)
    }
  }

  @Test("killing the daemon and the service together brings both back")
  func both() async throws {
    try await withProtectedHost { host in
      try await host.withstands("systemctl kill --signal=KILL example-agent holdfastd")
      try await host.withstands("systemctl kill --signal=KILL holdfastd", on: ProtectedHost.daemon)
      try await host.expectProtected()
    }
  }

  @Test("other services are nobody's business: everything works on them")
  func others() async throws {
    try await withProtectedHost { host in
      for command in [
        "systemctl stop example-neighbour", "systemctl start example-neighbour",
        "systemctl restart example-neighbour", "systemctl disable example-neighbour",
        "systemctl enable example-neighbour", "systemctl mask --now example-neighbour",
        "systemctl unmask example-neighbour", "systemctl enable --now example-neighbour",
        "systemctl set-property example-neighbour TasksMax=50",
        "systemctl daemon-reload", "systemctl daemon-reexec",
        "systemctl start example-agent", "systemctl status example-agent",
        "systemctl cat holdfastd",
      ] {
        try await host.allows(command)
      }
      try await host.expectProtected()
    }
  }

  @Test("status shows who refuses, and where to read how to get in")
  func documentation() async throws {
    try await withProtectedHost { host in
      let text = try await host.machine.must("systemctl status --no-pager example-agent")
      #expect(text.contains("50-protected-by-holdfast.conf"))
      #expect(text.contains("man:holdfast-unprotect(1)"))
    }
  }
}
