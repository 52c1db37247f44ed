import JSON
import TestSupport
import Testing

/// A protected host that is a virtual machine.
struct VirtualHost {
  let machine: VirtualMachine
  /// The host that its disk was made on: whoever may open that one may open this one.
  let original: ProtectedHost

  /// A token that is good by the clock of the machine that the tests run on.
  func token() -> JWSDraft { original.draft() }

  private func unprotect(_ token: String) async throws -> CommandOutput {
    try await answered("echo '\(token)' | holdfast unprotect --json -")
  }

  /// Asks the daemon until it answers: without acceleration, on a busy machine, it may be late.
  private func answered(_ command: String) async throws -> CommandOutput {
    for _ in 0..<5 {
      let output = try await machine.run(command)
      if output.status != 3 { return output }
    }
    return try await machine.run(command)
  }

  func protects(_ sourceLocation: SourceLocation = #_sourceLocation) async throws {
    let output = try await answered("holdfast protect")
    #expect(output.succeeded, "\(output)", sourceLocation: sourceLocation)
  }

  /// The token opens the host, which is then protected again.
  func opens(
    _ token: JWSDraft, _ sourceLocation: SourceLocation = #_sourceLocation
  ) async throws {
    let output = try await unprotect(token.text)
    #expect(output.succeeded, "\(output)", sourceLocation: sourceLocation)
    try await protects(sourceLocation)
  }

  func refuses(
    _ token: JWSDraft, _ code: String, _ sourceLocation: SourceLocation = #_sourceLocation
  ) async throws {
    let output = try await unprotect(token.text)
    #expect(
      output.status == 1 && output.text.contains("\"\(code)\""), "\(output)",
      sourceLocation: sourceLocation)
  }

  /// A new challenge, answered, opens the host, which is then protected again.
  func answersChallenge(_ sourceLocation: SourceLocation = #_sourceLocation) async throws {
    let asked = try await answered("holdfast challenge --json")
    let reply = try JSON.parse(Array(asked.line.utf8))
    let nonce = try #require(reply["nonce"]?.string, sourceLocation: sourceLocation)
    try await opens(original.draft().with("nonce", .string(nonce)), sourceLocation)
  }

  /// How the clock stands, by `status`.
  func expect(_ clock: String, _ sourceLocation: SourceLocation = #_sourceLocation) async throws {
    let reply = try await answered("holdfast status --json").line
    let status = try JSON.parse(Array(reply.utf8))
    #expect(status["clock"]?.string == clock, "\(reply)", sourceLocation: sourceLocation)
  }

  /// Everything is protected, after the daemon or the machine came up.
  func standsAgain(_ sourceLocation: SourceLocation = #_sourceLocation) async throws {
    let isProtected = try await machine.eventually(
      within: 180, #"holdfast status --json | grep -q '^{"ok":true,"state":"protected"'"#)
    let status = try await machine.run("holdfast status")
    #expect(isProtected, "\(status)", sourceLocation: sourceLocation)
  }
}

/// Boots a virtual machine that is protected, and takes it down again.
func withVirtualHost(_ body: (VirtualHost) async throws -> Void) async throws {
  let disk = try await ProtectedDisk.machine(hasKernel: true)
  try await MachineSlots.shared.with {
    let machine = try await VirtualMachine(disk: disk)
    let result: Result<Void, any Error>
    do {
      try await machine.boot()
      let host = VirtualHost(machine: machine, original: ProtectedHost(machine: disk))
      try await host.standsAgain()
      result = .success(try await body(host))
    } catch {
      result = .failure(error)
    }
    await machine.end()
    try result.get()
  }
}

extension Trait where Self == ConditionTrait {
  /// For what boots virtual machines: skipped, with the reason, where that cannot be.
  static var bootsVirtualMachines: Self {
    .enabled(
      if: VirtualMachine.obstacle == nil, Comment(rawValue: VirtualMachine.obstacle ?? ""))
  }
}
