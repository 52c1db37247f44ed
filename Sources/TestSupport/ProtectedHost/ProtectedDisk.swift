import Foundation

/// The disk that most tests start from, made once per run: Holdfast installed and enrolled, with
/// `example-agent` guarded and `example-neighbour` beside it. A machine that boots from a copy is
/// protected before anybody can touch it.
package enum ProtectedDisk {
  /// The machine, switched off, whose disk it is.
  ///
  /// - Parameter hasKernel: for a `VirtualMachine` to boot from.
  package static func machine(
    suite: String = "bookworm", hasKernel: Bool = false
  ) async throws -> Machine {
    let packages = Machine.Image.libraries + (hasKernel ? Machine.Image.kernel : [])
    return try await Making.shared.machine(Kind(suite: suite, packages: packages))
  }

  private struct Kind: Hashable {
    let suite: String
    let packages: [String]
  }

  /// Each Debian's disk, made when it is first asked for.
  private actor Making {
    static let shared = Making()
    private var made: [Kind: Task<Machine, any Error>] = [:]

    func machine(_ kind: Kind) async throws -> Machine {
      let task = made[kind] ?? Task { try await make(kind) }
      made[kind] = task
      return try await task.value
    }
  }

  private static func make(_ kind: Kind) async throws -> Machine {
    let machine = try await Machine.boot(.debian(suite: kind.suite, packages: kind.packages))
    _ = try await ProtectedHost.prepared(on: machine)
    try await machine.powerOff()
    return machine
  }

  package static func installHoldfast(on machine: Machine) async throws {
    try await machine.install(try package("holdfast", Checkout.version))
  }

  package static func installExamples(on machine: Machine) async throws {
    try await machine.install(
      try package("example-agent", "1.0"), try package("example-neighbour", "1.0"))
  }

  package static func package(_ name: String, _ version: String) throws -> String {
    guard let path = Checkout.package(name, version: version) else {
      throw Machine.Failure(description: "no package \(name) \(version) in \(Checkout.packages)")
    }
    return path
  }
}
