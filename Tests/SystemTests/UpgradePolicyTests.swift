import TestSupport
import Testing

/// What an upgrade of a protected package needs: `Upgrades=`.
@Suite(.bootsMachines)
struct UpgradePolicyTests {
  private let version = "dpkg-query -W -f '${Version}'"

  @Test("Upgrades=any: apt and dpkg upgrade, and neither removes, downgrades nor stops it")
  func upgrades() async throws {
    try await withProtectedHost { host in
      let machine = host.machine
      for version in ["1.0", "1.1"] {
        try machine.copy(try ProtectedDisk.package("example-agent", version), into: "/root")
      }
      try await host.set("Upgrades=any", for: "example-agent")
      for command in [
        "apt-get install -y /root/example-agent_1.1_all.deb",
        "dpkg --install /root/example-agent_1.1_all.deb",
      ] {
        try await host.refuses("dpkg --purge example-agent")
        try await host.allows(command)
        // At once: nothing waits for the end of the run.
        #expect(try await !machine.run("dpkg --force-all --purge example-agent").succeeded)
        #expect(try await machine.must("\(version) example-agent") == "1.1")
        #expect(try await machine.must("dpkg --audit").isEmpty)
        #expect(try await host.becomesProtected())
        try await machine.must("note-files")
        try await host.refuses("echo >>/usr/sbin/example-agent")
        try await host.expectProtected()
      }
      #expect(try await machine.must("/usr/sbin/example-agent --version").contains("1.1"))
      #expect(try await !machine.run("dpkg --install /root/example-agent_1.0_all.deb").succeeded)
      #expect(try await machine.must("\(version) example-agent") == "1.1")
      #expect(try await machine.must("holdfast log").contains("upgrade "))
    }
  }

  @Test(
    "the package's scripts restart what they brought, and a daemon killed meanwhile ends protected",
    arguments: [false, true])
  func scripts(killsDaemon: Bool) async throws {
    try await withProtectedHost { host in
      let machine = host.machine
      try await AwkwardPackage.install(on: machine)
      try await host.allows("holdfast guard add awkward-reload")
      try await host.set("Upgrades=any", for: "awkward-reload")
      if killsDaemon { try await machine.must("touch /root/kill-daemon") }
      try await host.allows("dpkg --install /root/awkward_1.1_all.deb")
      #expect(try await !machine.run("dpkg --remove awkward").succeeded)
      #expect(try await host.becomesProtected())
      let shown = try await machine.must(
        "systemctl show -p ExecStart -p Environment -p RefuseManualStop awkward-reload")
      for part in ["awkward renewed", "FROM_PACKAGE=yes", "RefuseManualStop=yes"] {
        #expect(shown.contains(part), "\(shown)")
      }
      try await machine.must("pgrep -f 'awkward renewed'")
      #expect(try await !machine.run("echo >>/usr/sbin/awkward").succeeded)
      #expect(try await !machine.run("systemctl stop awkward-reload").succeeded)
      try await host.expectProtected()
    }
  }

  @Test("of two services from one package the stricter Upgrades= counts")
  func strictest() async throws {
    try await withProtectedHost { host in
      let machine = host.machine
      try await AwkwardPackage.install(on: machine)
      try await host.allows("holdfast guard add awkward-reload awkward-fork")
      try await host.set("Upgrades=any", for: "awkward-reload")
      #expect(try await !machine.run("dpkg --install /root/awkward_1.1_all.deb").succeeded)
      #expect(try await machine.must("\(version) awkward") == "1.0")
      try await host.expectProtected()
    }
  }

  @Test("Upgrades=token: an unprotect of that service alone lets its package be upgraded")
  func token() async throws {
    try await withProtectedHost { host in
      let machine = host.machine
      try machine.copy(try ProtectedDisk.package("example-agent", "1.1"), into: "/root")
      try await host.refuses("dpkg --install /root/example-agent_1.1_all.deb")
      try machine.write("/root/token", host.token() + "\n")
      try await host.allows("holdfast unprotect --file /root/token --only example-agent")
      #expect(try await !machine.run("systemctl stop holdfastd").succeeded)
      try await host.allows("dpkg --install /root/example-agent_1.1_all.deb && holdfast protect")
      try await machine.must("note-files")
      try await host.expectProtected()
      #expect(try await machine.must("\(version) example-agent") == "1.1")
    }
  }

  @Test("nobody but dpkg is let through")
  func impostor() async throws {
    try await withProtectedHost { host in
      try await host.set("Upgrades=any", for: "example-agent")
      for command in [
        "holdfast upgrade example-agent",
        "flock -o /var/lib/dpkg/lock-frontend holdfast upgrade example-agent",
        "/var/lib/dpkg/info/example-agent.prerm upgrade 9",
      ] {
        try await host.refuses(command)
      }
      try await host.refuses("rm -f /usr/sbin/example-agent")
    }
  }
}
