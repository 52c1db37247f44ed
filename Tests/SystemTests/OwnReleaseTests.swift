import TestSupport
import Testing

/// Holdfast's own package by a signed release: without a token, and without a gap.
@Suite(.bootsMachines)
struct OwnReleaseTests {
  @Test("the daemon verifies the next one, then makes way for it")
  func upgrade() async throws {
    try await withProtectedHost { host in
      let machine = host.machine
      let next = Checkout.version + "+next"
      // Another program, and one that does the same.
      try await host.repackage(
        "holdfast", Checkout.version, as: next, to: "next", "echo >>usr/sbin/holdfastd")
      try await host.refuses("holdfast upgrade /root/next.deb")
      try host.sign("next")
      let before = try await machine.must("systemctl show --value -p MainPID holdfastd")
      try await host.allows(
        "holdfast upgrade --release /root/next.release /root/next.deb", timeout: 90)
      #expect(try await host.version(of: "holdfast") == next)
      #expect(
        try await machine.eventually(
          "pid=$(systemctl show --value -p MainPID holdfastd); [ $pid != 0 -a $pid != \(before) ]"))
      #expect(try await host.becomesProtected())
      #expect(try await machine.must("dpkg --audit").isEmpty)
      try await machine.must("note-files")
      try await host.expectProtected()
      try await host.refuses("systemctl stop holdfastd", on: ProtectedHost.daemon)
      try await host.refuses("dpkg --purge --force-all holdfast", on: ProtectedHost.daemon)
    }
  }
}
