import JSON
import TestSupport
import Testing

extension ProtectedHost {
  /// The host is protected, now or soon, and so is the service.
  func expectProtected(
    _ sourceLocation: SourceLocation = #_sourceLocation
  ) async throws {
    let whole = try await machine.run("await-whole \(Machine.patience) \(Self.agent)")
    #expect(whole.succeeded, "\(whole.line)", sourceLocation: sourceLocation)
    let isProtected = try await becomesProtected()
    let status = try await status().encoded()
    #expect(isProtected, "\(status)", sourceLocation: sourceLocation)
    try await refuses("systemctl stop example-agent", sourceLocation)
  }

  // MARK: Opening and closing

  @discardableResult
  func unprotect(
    services: [String] = [], window: Int64? = nil,
    _ sourceLocation: SourceLocation = #_sourceLocation
  ) async throws -> CommandOutput {
    let token = token(services: services, window: window)
    let output = try await machine.run("holdfast unprotect -", input: token + "\n")
    #expect(output.succeeded, "\(output)", sourceLocation: sourceLocation)
    return output
  }

  // MARK: Attacks

  /// COMMAND fails, and neither stops nor changes UNIT.
  func refuses(
    _ command: String, on unit: String = agent,
    _ sourceLocation: SourceLocation = #_sourceLocation
  ) async throws {
    let verdict = try await machine.run("refuses \(unit)", input: command)
    #expect(verdict.succeeded, "\(command): \(verdict.line)", sourceLocation: sourceLocation)
  }

  /// Whatever COMMAND says, UNIT is whole again within SECONDS and then stays so.
  func withstands(
    _ command: String, on unit: String = agent, within seconds: Int = Machine.patience,
    _ sourceLocation: SourceLocation = #_sourceLocation
  ) async throws {
    let verdict = try await machine.run("withstands \(seconds) \(unit)", input: command)
    #expect(verdict.succeeded, "\(command): \(verdict.line)", sourceLocation: sourceLocation)
  }

  /// COMMAND does what it is there for.
  @discardableResult
  func allows(
    _ command: String, timeout seconds: Int = 30,
    _ sourceLocation: SourceLocation = #_sourceLocation
  ) async throws -> CommandOutput {
    let output = try await machine.run(command, timeout: seconds)
    #expect(output.succeeded, "\(command)\n\(output)", sourceLocation: sourceLocation)
    return output
  }
}
