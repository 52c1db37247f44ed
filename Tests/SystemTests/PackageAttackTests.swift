import Foundation
import TestSupport
import Testing

/// What apt and dpkg may do while protected, and what not.
@Suite(.bootsMachines)
struct PackageAttackTests {
  @Test("removal is refused, and says how to unprotect", arguments: ["example-agent", "holdfast"])
  func removal(package: String) async throws {
    try await withProtectedHost { host in
      for command in [
        "apt-get remove -y \(package)", "apt-get purge -y \(package)", "dpkg --remove \(package)",
        "dpkg --purge \(package)", "dpkg --force-all --remove \(package)",
        "dpkg --force-all --purge \(package)",
      ] {
        try await host.refuses(command)
        let said = try await host.machine.run(command).text
        #expect(said.contains("holdfast unprotect"), "\(command) said:\n\(said)")
      }
      let state = try await host.machine.must("dpkg-query -W -f '${db:Status-Status}' \(package)")
      #expect(state == "installed")
      try await host.expectProtected()
    }
  }

  @Test("an upgrade of the protected package is refused, and leaves it whole")
  func upgrade() async throws {
    try await withProtectedHost { host in
      let newer = try ProtectedDisk.package("example-agent", "1.1")
      try host.machine.copy(newer, into: "/root")
      try await host.refuses("dpkg --install /root/example-agent_1.1_all.deb")
      let version = try await host.machine.must("dpkg-query -W -f '${Version}' example-agent")
      #expect(version == "1.0")
      let audit = try await host.machine.must("dpkg --audit")
      #expect(audit.isEmpty, "\(audit)")
    }
  }

  @Test(
    "apt goes on with everything else: installs, removes and upgrades, kept back only what is protected"
  )
  func everythingElse() async throws {
    try await withProtectedHost { host in
      try await offerNewerPackages(to: host.machine)
      try await host.allows("apt-get upgrade -y -q", timeout: 60)
      let version = "dpkg-query -W -f '${Version}'"
      #expect(try await host.machine.must("\(version) example-neighbour") == "1.1")
      #expect(try await host.machine.must("\(version) example-agent") == "1.0")
      try await host.allows("apt-get remove -y example-neighbour")
      try await host.allows("apt-get install -y example-neighbour")
      #expect(try await host.machine.must("dpkg --audit").isEmpty)
      try await host.expectProtected()
    }
  }

  /// Version 1.1 of both examples, in an archive on the machine.
  private func offerNewerPackages(to machine: Machine) async throws {
    try await machine.must("mkdir -p /root/archive")
    for name in ["example-agent", "example-neighbour"] {
      try machine.copy(try ProtectedDisk.package(name, "1.1"), into: "/root/archive")
    }
    let index = try await HostCommand.run(
      [
        "bash", "-c",
        "cd '\(machine.hostPath("/root/archive"))' && dpkg-scanpackages . 2>/dev/null",
      ])
    try machine.write("/root/archive/Packages", index.text)
    try await machine.must(
      """
      rm -f /etc/apt/sources.list /etc/apt/sources.list.d/*
      echo 'deb [trusted=yes] file:/root/archive ./' >/etc/apt/sources.list
      chmod 0755 /root && apt-get update -q
      """)
  }
}
