import Foundation
import TestSupport

/// The disk that most tests start from, made once per run: Holdfast installed and enrolled, with
/// `example-agent` guarded and `example-neighbour` beside it. A machine that boots from a copy is
/// protected before anybody can touch it.
enum ProtectedDisk {
  /// The machine, switched off, whose disk it is.
  static func machine() async throws -> Machine {
    try await made.value
  }

  private static let made = Task { try await make() }

  private static func make() async throws -> Machine {
    let machine = try await Machine.boot()
    _ = try await ProtectedHost.prepared(on: machine)
    try await machine.powerOff()
    return machine
  }

  static func installHoldfast(on machine: Machine) async throws {
    try await machine.install(try package("holdfast", Checkout.version))
  }

  static func installExamples(on machine: Machine) async throws {
    try await machine.install(
      try package("example-agent", "1.0"), try package("example-neighbour", "1.0"))
  }

  static func package(_ name: String, _ version: String) throws -> String {
    guard let path = Checkout.package(name, version: version) else {
      throw Machine.Failure(description: "no package \(name) \(version) in \(Checkout.packages)")
    }
    return path
  }
}
