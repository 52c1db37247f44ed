import Foundation
import JSON
import TestSupport
import Testing

/// A machine with Holdfast on it, and those who may open it.
struct ProtectedHost {
  let machine: Machine
  let cluster = MintingAuthority()

  /// The unit that the attacks are aimed at, unless they say otherwise.
  static let agent = "example-agent.service"
  static let daemon = "holdfastd.service"

  /// Makes a bare machine that runs into a protected host: Holdfast installed and enrolled,
  /// `example-agent` guarded, `example-neighbour` beside it, and the users `ana`, an operator, and
  /// `mallory`, nobody.
  static func prepared(on machine: Machine) async throws -> ProtectedHost {
    try await ProtectedDisk.installHoldfast(on: machine)
    try await ProtectedDisk.installExamples(on: machine)
    try await machine.must("useradd --create-home --groups holdfast ana; useradd mallory")
    let host = ProtectedHost(machine: machine)
    try await host.enrol()
    try await machine.must("holdfast guard add example-agent")
    try await Instruments.install(on: machine)
    return host
  }

  // MARK: Who may open it

  /// Enrols the machine as host `web-1` of the tenant `retail`.
  func enrol() async throws {
    try writeEnrolment(of: cluster, as: "eu-prod")
    try await machine.must(
      """
      holdfast enroll --bundle /root/eu-prod.bundle --root /root/eu-prod.root \
        --tenant retail --agent web-1
      """)
  }

  /// Puts a cluster's root and bundle into /root, as NAME.root and NAME.bundle.
  func writeEnrolment(of cluster: MintingAuthority, as name: String) throws {
    try machine.write("/root/\(name).root", cluster.rootJWK.encoded() + "\n")
    try machine.write(
      "/root/\(name).bundle", cluster.bundle(issuedAt: Self.now - 86_400).text + "\n")
  }

  /// A token that is good here and now, and never used before.
  func token(services: [String] = [], window: Int64? = nil) -> String {
    draft(services: services, window: window).text
  }

  /// The same, to be spoilt.
  func draft(services: [String] = [], window: Int64? = nil) -> JWSDraft {
    var draft = cluster.token(
      jti: "jti-" + UUID().uuidString.filter { $0 != "-" }, issuedAt: Self.now - 1)
    if !services.isEmpty {
      draft = draft.with("services", .array(services.map { .string($0) }))
    }
    if let window { draft = draft.with("window", .integer(window)) }
    return draft
  }

  static var now: Int64 { Int64(Date().timeIntervalSince1970) }

  // MARK: How it stands

  func status() async throws -> JSON {
    let reply = try await machine.must("holdfast status --json")
    return try JSON.parse(Array(reply.utf8))
  }

  var state: String {
    get async throws { try await status()["state"]?.string ?? "" }
  }

  /// True once the host, not only a service of it, says that it is protected.
  func becomesProtected(within seconds: Double) async throws -> Bool {
    try await machine.eventually(
      within: seconds, #"holdfast status --json | grep -q '^{"ok":true,"state":"protected"'"#)
  }

  /// The host is protected, now or very soon, and so is the service.
  func expectProtected(
    _ sourceLocation: SourceLocation = #_sourceLocation
  ) async throws {
    let whole = try await machine.run("await-whole 2 \(Self.agent)")
    #expect(whole.succeeded, "\(whole.line)", sourceLocation: sourceLocation)
    let isProtected = try await becomesProtected(within: 2)
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
    _ command: String, on unit: String = agent, within seconds: Int = 1,
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

/// Boots a machine that is protected, and takes it down again.
func withProtectedHost(
  arguments: [String] = [], _ body: (ProtectedHost) async throws -> Void
) async throws {
  let disk = try await ProtectedDisk.machine()
  try await withMachine(.disk(of: disk), arguments: arguments) { machine in
    let host = ProtectedHost(machine: machine)
    try await body(host)
  }
}

/// Boots a machine, and takes it down again, whatever happens, after `seconds` at the latest.
///
/// Not a time limit of Swift Testing: that would count the time spent waiting for a slot.
func withMachine(
  _ image: Machine.Image = .debian(), arguments: [String] = [], limit seconds: Int = 180,
  _ body: (Machine) async throws -> Void
) async throws {
  try await MachineSlots.shared.with {
    let machine = try await Machine.boot(image, arguments: arguments)
    let limit = Task {
      try await Task.sleep(for: .seconds(seconds))
      Issue.record("not done after \(seconds) s")
      await machine.end()
    }
    let result: Result<Void, any Error>
    do {
      result = .success(try await body(machine))
    } catch {
      result = .failure(error)
    }
    limit.cancel()
    await machine.end()
    try result.get()
  }
}
