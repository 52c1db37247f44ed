import TestSupport
import Testing

/// A protected host is shut down like any other.
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
      let protected = try await host.machine.powerOff(within: 30)
      #expect(protected < bare + .seconds(5), "\(protected), without Holdfast \(bare)")
    }
  }

  @Test(
    "whoever asks gets it", arguments: ["systemctl poweroff", "systemctl halt", "shutdown -h now"])
  func commands(command: String) async throws {
    try await withProtectedHost { host in
      _ = try await host.machine.run(command)
      let took = try await host.machine.hasPoweredOff(within: 20)
      #expect(took < .seconds(10), "\(took)")
    }
  }

  @Test("a reboot comes back protected")
  func reboot() async throws {
    try await withProtectedHost { host in
      try await host.machine.reboot()
      try await host.expectProtected()
    }
  }
}
