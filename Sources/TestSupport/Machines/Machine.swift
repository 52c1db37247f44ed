import Foundation
import Synchronization

/// A throw-away machine: real systemd, on its own copy of a Debian image, so that nothing that a
/// test does to it is seen anywhere else. It has no network. Gone with this object, or with the
/// process, whichever ends first.
package final class Machine: Sendable {
  package struct Failure: Error, CustomStringConvertible {
    package let description: String

    package init(description: String) {
      self.description = description
    }
  }

  /// What a machine's disk starts as.
  package enum Image: Sendable {
    /// A bare Debian with PACKAGES.
    case debian(suite: String = "bookworm", packages: [String] = Image.libraries)
    /// The disk of a machine that is off.
    case disk(of: Machine)

    /// The libraries that Holdfast's packages depend on: a machine has no network to get them.
    package static let libraries = ["libsodium23", "libsystemd0", "libstdc++6"]
    /// What a machine with a kernel of its own (`VirtualMachine`) has besides.
    package static let kernel = ["linux-image-cloud-amd64", "initramfs-tools", "kmod"]
  }

  /// Where everything of the machine is, on the host.
  package let directory: String
  private let holder: MachineHolder
  /// The machine's PID 1, as this host numbers it; nil while it is off.
  private let leader = Mutex<pid_t?>(nil)

  /// Makes a machine and leaves it off.
  package init(_ image: Image = .debian(), options: [String] = []) async throws {
    let path: String
    switch image {
    case .debian(let suite, let packages):
      // One with a kernel takes a while.
      let made = try await HostCommand.run(
        ["bash", Checkout.top + "/Tests/machines/image.sh", "--suite", suite] + packages,
        seconds: 900)
      guard made.succeeded, let last = made.line.split(separator: "\n").last else {
        throw Failure(description: "no image: \(made)")
      }
      path = String(last)
    case .disk(let other):
      path = other.directory + "/image"
    }
    let name = "hf" + UUID().uuidString.lowercased().filter { $0 != "-" }.prefix(10)
    directory = Self.parent + "/" + name
    holder = try MachineHolder(image: path, directory: directory, options: options)
    _ = try await holder.answer("ready", seconds: 180)
  }

  /// Makes a machine and boots it. ARGUMENTS are the kernel's.
  package static func boot(
    _ image: Image = .debian(), arguments: [String] = [], options: [String] = []
  ) async throws -> Machine {
    let machine = try await Machine(image, options: options)
    try await machine.boot(arguments)
    return machine
  }

  /// systemd(1): SIGRTMIN+4 starts poweroff.target. glibc's SIGRTMIN is 34.
  private static let powerOffSignal: Int32 = 34 + 4

  static let parent =
    (ProcessInfo.processInfo.environment["TMPDIR"] ?? "/tmp") + "/holdfast-machines"

  // MARK: Power

  /// Boots a machine that is off, and returns when it has started all that it wants to start, or
  /// with `waiting: false` as soon as it has a PID 1.
  package func boot(_ arguments: [String] = [], waiting: Bool = true) async throws {
    try holder.send(([waiting ? "boot" : "start"] + arguments).joined(separator: " "))
    try await comesUp()
  }

  /// Ends the machine's power like a pulled plug.
  package func pullPlug() async throws {
    guard let pid = leader.withLock({ $0 }) else { return }
    kill(pid, SIGKILL)
    _ = try await holder.answer("off", seconds: 60)
    leader.withLock { $0 = nil }
  }

  /// Asks for a clean shutdown, as a power button does; returns how long it took.
  @discardableResult
  package func powerOff(within seconds: Double = 60) async throws -> Duration {
    guard let pid = leader.withLock({ $0 }) else { return .zero }
    kill(pid, Self.powerOffSignal)
    return try await hasPoweredOff(within: seconds)
  }

  /// Waits until the machine, asked by somebody else, is off; returns how long that took.
  package func hasPoweredOff(within seconds: Double = 60) async throws -> Duration {
    let start = ContinuousClock.now
    _ = try await holder.answer("off", seconds: seconds)
    leader.withLock { $0 = nil }
    return start.duration(to: .now)
  }

  /// Reboots from inside, and returns when the machine is up again.
  package func reboot() async throws {
    _ = try await run("systemctl reboot")
    try holder.send("again")
    try await comesUp()
  }

  /// Takes the machine down and deletes it; returns when nothing is left.
  package func end() async {
    leader.withLock { $0 = nil }
    await holder.end()
  }

  private func comesUp() async throws {
    let answer = try await holder.answer("up", "failed", seconds: 240)
    let words = answer.split(separator: " ")
    guard words.first == "up", words.count == 3, let pid = pid_t(words[1]) else {
      let console = (try? String(contentsOfFile: directory + "/console", encoding: .utf8)) ?? ""
      throw Failure(description: "\(answer)\n\(console.suffix(2000))")
    }
    leader.withLock { $0 = pid }
  }

  // MARK: Inside

  /// The machine's PID 1, as this host numbers it.
  package var firstProcess: Int32 {
    get throws {
      guard let pid = leader.withLock({ $0 }) else {
        throw Failure(description: "the machine is off")
      }
      return pid
    }
  }

  /// Runs a shell script as root inside. It ends with its children after `timeout` seconds, which
  /// throws; any exit status of its own is returned.
  ///
  /// - Parameter namespaces: those of the machine's to enter, as options of nsenter(1).
  package func run(
    _ script: String, input: String? = nil, timeout seconds: Int = 60,
    namespaces: [String] = ["--all"]
  ) async throws -> CommandOutput {
    let pid = try firstProcess
    return try await HostCommand.run(
      ["nsenter", "--target", "\(pid)"] + namespaces + [
        "env", "-i",
        "PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root", "TERM=dumb",
        "LC_ALL=C.UTF-8",
        "DEBIAN_FRONTEND=noninteractive", "sh", "-c", script,
      ], input: input, seconds: seconds)
  }

  /// As `run`, but any exit status other than 0 throws, with the output; returns what was printed.
  @discardableResult
  package func must(
    _ script: String, input: String? = nil, timeout seconds: Int = 60
  ) async throws -> String {
    let output = try await run(script, input: input, timeout: seconds)
    guard output.succeeded else { throw Failure(description: "\(script)\n\(output)") }
    return output.line
  }

  /// How long what comes by itself is waited for. Much longer than it takes: what is late on a busy
  /// machine is no failure, and how fast things are is for `make bench` and `make attacks` to say.
  package static let patience = 20

  /// Asks again and again until PROBE succeeds; false when it never did within `seconds`.
  package func eventually(
    within seconds: Double = Double(patience), _ probe: String
  ) async throws -> Bool {
    let end = Date(timeIntervalSinceNow: seconds)
    repeat {
      if try await run(probe).succeeded { return true }
      try await Task.sleep(for: .milliseconds(20))
    } while Date() < end
    return false
  }

  /// The path, on this host, of PATH inside. Also there while the machine is off.
  package func hostPath(_ path: String) -> String {
    directory + "/root" + path
  }

  package func write(_ path: String, _ text: String) throws {
    try Data(text.utf8).write(to: URL(fileURLWithPath: hostPath(path)))
  }

  package func read(_ path: String) throws -> String {
    String(decoding: try Data(contentsOf: URL(fileURLWithPath: hostPath(path))), as: UTF8.self)
  }

  /// Copies a file of the host into the folder PATH of the machine; returns its path there.
  @discardableResult
  package func copy(_ file: String, into path: String) throws -> String {
    let target = path + "/" + (file as NSString).lastPathComponent
    try? FileManager.default.removeItem(atPath: hostPath(target))
    try FileManager.default.copyItem(atPath: file, toPath: hostPath(target))
    return target
  }

  /// Installs Debian packages, files of the host, with apt.
  @discardableResult
  package func install(_ packages: String...) async throws -> String {
    var inside: [String] = []
    for package in packages {
      inside.append(try copy(package, into: "/root"))
    }
    return try await must(
      "apt-get install -y -q \(inside.joined(separator: " "))", timeout: 120)
  }
}
