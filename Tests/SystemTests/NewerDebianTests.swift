import TestSupport
import Testing

/// The same packages on the next Debian, whose systemd is five versions further.
@Suite(.bootsMachines, .reachesDebian)
struct NewerDebianTests {
  @Test("on Debian 13 it installs, protects, opens and protects again")
  func story() async throws {
    try await withMachine(.debian(suite: "trixie")) { machine in
      let host = try await ProtectedHost.prepared(on: machine)
      try await host.expectProtected()
      for unit in [ProtectedHost.agent, ProtectedHost.daemon] {
        try await host.refuses("systemctl stop \(unit)", on: unit)
        try await host.refuses("systemctl restart \(unit)", on: unit)
        try await host.withstands("systemctl mask --now \(unit)", on: unit)
        try await host.withstands("systemctl disable \(unit)", on: unit)
        try await host.withstands(
          "kill -9 $(systemctl show --value -p MainPID \(unit))", on: unit)
      }
      try await host.refuses("rm -f /usr/sbin/example-agent")
      try await host.refuses("apt-get remove -y example-agent")
      try await host.refuses("dpkg --purge --force-all example-agent")

      try await host.unprotect()
      try await host.allows("systemctl stop example-agent")
      try await host.allows("systemctl start holdfast-reconnected.service")
      try await host.expectProtected()
      try await machine.reboot()
      try await host.expectProtected()

      // From systemd 254 on PrivateNetwork= would bring a mount namespace along.
      let pid = try await machine.must("systemctl show --value -p MainPID holdfastd")
      #expect(
        try await machine.must("readlink /proc/1/ns/mnt")
          == machine.must("readlink /proc/\(pid)/ns/mnt"))

      try await machine.powerOff()
      try await machine.boot(["holdfast=off"])
      try await host.allows("systemctl stop example-agent")
      try await host.allows("apt-get purge -y example-agent holdfast")
    }
  }
}
