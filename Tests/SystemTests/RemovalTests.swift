import TestSupport
import Testing

/// Holdfast's own package, when nothing is protected.
@Suite(.bootsMachines)
struct RemovalTests {
  /// Everything on the disk that is not the machine's own noise.
  private static let inventory = """
    find / -xdev \\( -path /proc -o -path /sys -o -path /run -o -path /tmp -o -path /root \
      -o -path '/var/log' -o -path /var/cache -o -path /var/lib/dpkg -o -path /var/lib/apt \
      -o -path /var/lib/systemd \\) -prune -o -print | sort
    """

  @Test("purge leaves nothing behind", arguments: [false, true])
  func purge(afterEnrolment: Bool) async throws {
    try await withMachine { machine in
      try await ProtectedDisk.installExamples(on: machine)
      let before = try await machine.must(Self.inventory)
      let accounts = try await machine.must("cat /etc/group /etc/passwd")
      try await ProtectedDisk.installHoldfast(on: machine)
      let host = ProtectedHost(machine: machine)
      if afterEnrolment {
        try await host.enrol()
        try await machine.must("holdfast guard add example-agent")
        try await host.unprotect()
      }
      try await host.allows("apt-get purge -y holdfast")

      let after = try await machine.must(Self.inventory)
      let left = Set(after.split(separator: "\n")).symmetricDifference(
        before.split(separator: "\n"))
      #expect(left.isEmpty, "\(left.sorted())")
      #expect(try await machine.must("cat /etc/group /etc/passwd") == accounts)
      #expect(try await !machine.run("test -e /run/holdfast").succeeded)
      let units = try await machine.must(
        "systemctl list-unit-files --no-legend 'holdfast*' || true")
      #expect(units.isEmpty, "\(units)")
      let immutable = try await machine.must(
        "lsattr -R /usr /etc /var 2>/dev/null | awk 'NF == 2 && $1 ~ /i/' | head")
      #expect(immutable.isEmpty, "\(immutable)")
      for command in [
        "systemctl is-active example-agent", "systemctl restart example-agent",
        "apt-get purge -y example-agent",
      ] {
        try await host.allows(command)
      }
    }
  }

  @Test("it can be installed again, and says that the host is not enrolled")
  func again() async throws {
    try await withMachine { machine in
      try await ProtectedDisk.installHoldfast(on: machine)
      try await machine.must("apt-get remove -y holdfast")
      let said = try await machine.install(
        try ProtectedDisk.package("holdfast", Checkout.version))
      #expect(said.contains("not enrolled yet"), "\(said)")
      #expect(try await machine.must("systemctl is-active holdfastd") == "active")
      #expect(try await machine.must("systemctl is-enabled holdfastd") == "enabled")
    }
  }

  @Test("on a bare Debian 12, apt pulls only libraries", .reachesDebian)
  func bareDebian() async throws {
    let installed = try await MachineSlots.shared.with {
      let machine = try await Machine(.debian(packages: []))
      for name in ["holdfast", "holdfast-cluster"] {
        try machine.copy(try ProtectedDisk.package(name, Checkout.version), into: "/root")
      }
      // With this host's network, and without booting.
      let output = try await HostCommand.run(
        [
          "systemd-nspawn", "--quiet", "--register=no", "--keep-unit", "--as-pid2", "--pipe",
          "--resolv-conf=copy-host", "-D", machine.directory + "/root", "sh", "-ec",
          Self.installWithApt,
        ], seconds: 150)
      await machine.end()
      return output
    }
    #expect(installed.succeeded, "\(installed)")
    let new =
      installed.text.split(whereSeparator: \.isNewline).first { $0.hasPrefix("new: ") } ?? ""
    let others = new.split(separator: " ").dropFirst().filter {
      !$0.hasPrefix("lib") && !$0.hasPrefix("holdfast")
    }
    #expect(new.contains("holdfast") && others.isEmpty, "\(installed)")
  }

  private static let installWithApt = """
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -q
    dpkg-query -W -f '${Package}\\n' | sort >/root/before
    apt-get install -y -q --no-install-recommends /root/holdfast*.deb
    dpkg-query -W -f '${Package}\\n' | sort >/root/after
    echo "new: $(comm -13 /root/before /root/after | tr '\\n' ' ')"
    holdfast --version
    holdfast-cluster --version
    """
}
