import Foundation
package import JSON

/// A machine with Holdfast on it, and those who may open it.
package struct ProtectedHost: Sendable {
  package let machine: Machine
  package let cluster = MintingAuthority()

  package init(machine: Machine) {
    self.machine = machine
  }

  /// The unit that the attacks are aimed at, unless they say otherwise.
  package static let agent = "example-agent.service"
  package static let daemon = "holdfastd.service"

  /// Makes a bare machine that runs into a protected host: Holdfast installed and enrolled,
  /// `example-agent` guarded, `example-neighbour` beside it, and the users `ana`, an operator, and
  /// `mallory`, nobody.
  package static func prepared(on machine: Machine) async throws -> ProtectedHost {
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
  package func enrol() async throws {
    try writeEnrolment(of: cluster, as: "eu-prod")
    try await machine.must(
      """
      holdfast enroll --bundle /root/eu-prod.bundle --root /root/eu-prod.root \
        --tenant retail --agent web-1
      """)
  }

  /// Puts a cluster's root and bundle into /root, as NAME.root and NAME.bundle.
  package func writeEnrolment(of cluster: MintingAuthority, as name: String) throws {
    try machine.write("/root/\(name).root", cluster.rootJWK.encoded() + "\n")
    try machine.write(
      "/root/\(name).bundle", cluster.bundle(issuedAt: Self.now - 86_400).text + "\n")
  }

  /// A token that is good here and now, and never used before.
  package func token(services: [String] = [], window: Int64? = nil) -> String {
    draft(services: services, window: window).text
  }

  /// The same, to be spoilt.
  package func draft(services: [String] = [], window: Int64? = nil) -> JWSDraft {
    var draft = cluster.token(
      jti: "jti-" + UUID().uuidString.filter { $0 != "-" }, issuedAt: Self.now - 1)
    if !services.isEmpty {
      draft = draft.with("services", .array(services.map { .string($0) }))
    }
    if let window { draft = draft.with("window", .integer(window)) }
    return draft
  }

  package static var now: Int64 { Int64(Date().timeIntervalSince1970) }

  // MARK: How it stands

  package func status() async throws -> JSON {
    let reply = try await machine.must("holdfast status --json")
    return try JSON.parse(Array(reply.utf8))
  }

  package var state: String {
    get async throws { try await status()["state"]?.string ?? "" }
  }

  /// True once the host, not only a service of it, says that it is protected.
  package func becomesProtected(
    within seconds: Double = Double(Machine.patience)
  ) async throws -> Bool {
    try await machine.eventually(
      within: seconds, #"holdfast status --json | grep -q '^{"ok":true,"state":"protected"'"#)
  }
}
