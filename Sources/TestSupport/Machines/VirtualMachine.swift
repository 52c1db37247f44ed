import Foundation

/// A throw-away machine with a kernel, a clock and a power cord of its own, for what a `Machine` cannot
/// have: the wall clock is the host's there. QEMU without acceleration, so it takes its time: half a
/// minute to boot where nothing else runs. Gone with this object, or with the process.
package final class VirtualMachine: Sendable {
  private let directory: String
  private let holder: MachineHolder

  /// Why there can be none here, if so.
  package static let obstacle: String? = {
    guard FileManager.default.isExecutableFile(atPath: "/usr/bin/qemu-system-x86_64") else {
      return "qemu-system-x86_64 is missing: packaging/install-needed.sh vm"
    }
    return Surroundings.obstacle
  }()

  /// Leaves it off.
  ///
  /// - Parameter disk: a machine that is off, whose image has `Image.kernel`; its disk is copied.
  package init(disk: Machine) async throws {
    directory = Machine.parent + "/vm" + UUID().uuidString.lowercased().prefix(8)
    holder = try MachineHolder(
      script: "vm.sh", image: disk.directory + "/image", directory: directory)
    _ = try await holder.answer("ready", seconds: 120)
  }

  // MARK: Power

  /// Boots it, and returns when all of it has started.
  ///
  /// - Parameter clock: what its clock shows then, UTC, such as `2031-01-01T12:00:00`; the host's
  ///   where nil.
  package func boot(clockAt clock: String? = nil) async throws {
    try holder.send("boot" + (clock.map { " -rtc base=\($0)" } ?? ""))
    try await comesUp()
  }

  /// Reboots from inside; its clock goes on.
  package func reboot() async throws {
    // Whatever was said before the shutdown began is said before it ends.
    _ = try? await run("systemctl reboot; sleep 60", timeout: 5)
    try await Task.sleep(for: .seconds(5))
    try holder.send("again")
    try await comesUp()
  }

  /// Ends its power like a pulled plug: what it did not flush to its disk is lost.
  package func cutPower() async throws {
    try holder.send("cut")
    _ = try await holder.answer("off", seconds: 60)
  }

  /// Shuts it down.
  package func powerOff() async throws {
    _ = try? await run("systemctl poweroff", timeout: 10)
    _ = try await holder.answer("off", seconds: 300)
  }

  /// Ends and deletes it; returns when nothing is left.
  package func end() async { await holder.end() }

  private func comesUp() async throws {
    let answer = try await holder.answer("up", "failed", seconds: 1_000)
    guard answer == "up" else {
      throw Machine.Failure(description: "\(answer)\n\(console.suffix(2000))")
    }
  }

  /// What it printed on its console since it was last given power.
  package var console: String {
    let bytes = FileManager.default.contents(atPath: directory + "/console") ?? Data()
    return String(decoding: bytes, as: UTF8.self)
  }

  /// Runs a shell script in the root directory of its disk, while it is off; returns what was printed.
  package func onDisk(_ script: String) async throws -> String {
    let mounted = #"""
      mount -o loop "$0/image" "$0/root" && cd "$0/root" || exit
      sh -c "$1"
      status=$?
      cd / && umount "$0/root" && exit "$status"
      """#
    let output = try await HostCommand.run(["bash", "-c", mounted, directory, script])
    guard output.succeeded else { throw Machine.Failure(description: "\(script)\n\(output)") }
    return output.line
  }

  // MARK: Inside

  /// Runs a shell script as root inside; throws where there is no answer in time.
  package func run(_ script: String, timeout seconds: Int = 240) async throws -> CommandOutput {
    let output = try await HostCommand.run(
      ["bash", Checkout.top + "/Tests/machines/vm-run.sh", directory, "\(seconds)"], input: script,
      seconds: seconds + 5)
    guard output.status != 124 else {
      throw Machine.Failure(description: "no answer in \(seconds) s to \(script)")
    }
    return output
  }

  /// As `run`, but any exit status other than 0 throws, with the output; returns what was printed.
  @discardableResult
  package func must(_ script: String, timeout seconds: Int = 240) async throws -> String {
    let output = try await run(script, timeout: seconds)
    guard output.succeeded else { throw Machine.Failure(description: "\(script)\n\(output)") }
    return output.line
  }

  /// Asks again and again until PROBE succeeds; false when it never did within `seconds`.
  package func eventually(within seconds: Double, _ probe: String) async throws -> Bool {
    let end = Date(timeIntervalSinceNow: seconds)
    repeat {
      if try await run(probe).succeeded { return true }
      try await Task.sleep(for: .milliseconds(200))
    } while Date() < end
    return false
  }
}
