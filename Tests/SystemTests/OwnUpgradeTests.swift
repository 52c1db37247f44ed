import TestSupport
import Testing

/// An upgrade of Holdfast's own package.
@Suite(.bootsMachines)
struct OwnUpgradeTests {
  @Test("with only holdfastd released, the protection of the services has no gap")
  func upgradeWithoutGap() async throws {
    try await withProtectedHost { host in
      let machine = host.machine
      try await copyNextVersion(to: machine)
      try await host.unprotect(services: [ProtectedHost.daemon])
      let before = try await machine.must("systemctl show --value -p MainPID holdfastd")
      try machine.write("/root/upgrade.sh", Self.upgradeAndWatch)
      let watched = try await machine.run("sh /root/upgrade.sh", timeout: 90)
      #expect(watched.succeeded, "\(watched)")

      let after = try await machine.must("systemctl show --value -p MainPID holdfastd")
      #expect(before != after, "the new daemon runs")
      let installed = try await machine.must("dpkg-query -W -f '${Version}' holdfast")
      #expect(installed == Checkout.version + "+next")
      // Its program is the same, so that is-whole's sums still hold.
      #expect(try await host.becomesProtected())
      try await host.expectProtected()
      try await host.refuses("systemctl stop holdfastd", on: ProtectedHost.daemon)
      try await host.refuses("dpkg --purge --force-all holdfast", on: ProtectedHost.daemon)
    }
  }

  @Test("while protected, its own upgrade is refused before anything changes")
  func refusedWhileProtected() async throws {
    try await withProtectedHost { host in
      try await copyNextVersion(to: host.machine)
      try await host.refuses("dpkg --install /root/next.deb")
      #expect(try await host.machine.must("dpkg --audit").isEmpty)
      let installed = try await host.machine.must("dpkg-query -W -f '${Version}' holdfast")
      #expect(installed == Checkout.version)
    }
  }

  /// The same package under the next version.
  private func copyNextVersion(to machine: Machine) async throws {
    let package = try ProtectedDisk.package("holdfast", Checkout.version)
    let target = machine.hostPath("/root/next.deb")
    let made = try await HostCommand.run([
      "bash", "-ec",
      """
      tree=$(mktemp -d)
      trap 'rm -rf "$tree"' EXIT
      dpkg-deb --raw-extract '\(package)' "$tree/next"
      sed -i 's/^Version: .*/&+next/' "$tree/next/DEBIAN/control"
      dpkg-deb -Znone --build "$tree/next" '\(target)' >/dev/null
      """,
    ])
    #expect(made.succeeded, "\(made)")
  }

  /// Upgrades, and meanwhile looks again and again whether the service is open in any way.
  private static let upgradeAndWatch = """
    dpkg --install /root/next.deb >/root/upgrade.log 2>&1 &
    upgrade=$!
    looks=0
    while kill -0 $upgrade 2>/dev/null; do
      looks=$((looks + 1))
      [ "$(systemctl show --value -p RefuseManualStop example-agent)" = yes ] ||
        echo "may be stopped, look $looks"
      systemctl stop example-agent 2>/dev/null && echo "was stopped, look $looks"
      lsattr /usr/sbin/example-agent | cut -c1-20 | grep -q i ||
        echo "may be changed, look $looks"
      sh /var/lib/dpkg/info/example-agent.prerm remove >/dev/null 2>&1 &&
        echo "may be removed, look $looks"
    done >/root/gaps
    wait $upgrade || { cat /root/upgrade.log; exit 1; }
    cat /root/gaps
    echo "$looks looks"
    [ $looks -ge 5 ] && [ ! -s /root/gaps ]
    """
}
