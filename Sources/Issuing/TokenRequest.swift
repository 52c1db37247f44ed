package import AgentToken
internal import JSON

/// An agent token to be issued.
package struct TokenRequest: Sendable {
  package var scope: Scope
  /// Whose key signs; one that may is chosen where this is nil.
  package var role: Role?
  /// Which key signs; one that may is chosen where this is nil.
  package var kid: String?
  package var tenant: String?
  package var agent: String?
  /// The operator, for the audit trail.
  package var subject: String?
  /// Seconds of unprotection asked for; nil for what the host's profile says.
  package var window: Int64?
  /// The only units to be released; empty for all.
  package var services: [String]
  /// Seconds until the token ends.
  package var lifetime: Int64
  /// The challenge that it answers; nil for one that needs none.
  package var nonce: String?

  /// The longest lifetime that an agent takes, and the one given unless another is asked for:
  /// 15 minutes.
  package static let maximumLifetime: Int64 = 900

  package init(
    scope: Scope, role: Role? = nil, kid: String? = nil, tenant: String? = nil,
    agent: String? = nil, subject: String? = nil, window: Int64? = nil, services: [String] = [],
    lifetime: Int64 = TokenRequest.maximumLifetime
  ) {
    self.scope = scope
    self.role = role
    self.kid = kid
    self.tenant = tenant
    self.agent = agent
    self.subject = subject
    self.window = window
    self.services = services
    self.lifetime = lifetime
  }
}

extension TokenRequest {
  /// Refuses what no agent would take, whoever signs it.
  func check() throws(Refusal) {
    try checkAddressee()
    guard (1...Self.maximumLifetime).contains(lifetime) else {
      throw Refusal(
        .lifetimeExceedsMaximum,
        "a token lives from 1 second to \(TimeSpan.text(Self.maximumLifetime)), not "
          + TimeSpan.text(lifetime),
        hint: "How long the host stays open is another matter: --window.")
    }
    if let window, !(60...86_400).contains(window) {
      throw Refusal(
        .invalid, "a window is from 1 minute to 1 day, not \(TimeSpan.text(window))")
    }
    if let subject, !Self.isValid(subject: subject) {
      throw Refusal(
        .invalid,
        "the subject is not 1 to 128 characters without control or formatting characters")
    }
    try checkServices()
  }

  private func checkAddressee() throws(Refusal) {
    switch scope {
    case .cluster:
      guard tenant == nil, agent == nil else {
        throw Refusal(
          .invalid,
          "a cluster token opens every host, so it names no \(tenant == nil ? "agent" : "tenant")",
          hint: "For less use --scope tenant or --scope agent.")
      }
    case .tenant:
      guard tenant != nil else {
        throw Refusal(
          .invalid, "a tenant token needs a tenant", hint: "Name it with --tenant.")
      }
      guard agent == nil else {
        throw Refusal(
          .invalid, "a tenant token opens every host of a tenant, so it names no agent",
          hint: "For one host use --scope agent.")
      }
    case .agent:
      guard tenant != nil, agent != nil else {
        let missing =
          tenant == nil ? (agent == nil ? "its tenant and its agent" : "its tenant") : "its agent"
        throw Refusal(
          .invalid, "an agent token opens one host, and \(missing) must be named",
          hint: "Name both with --tenant and --agent; `holdfast status` on the host shows them.")
      }
    }
    if let tenant { try Identifier.check(tenant, "tenant") }
    if let agent { try Identifier.check(agent, "agent") }
  }

  private func checkServices() throws(Refusal) {
    guard services.count <= 16 else {
      throw Refusal(
        .invalid, "a token names at most 16 services, not \(services.count)")
    }
    for service in services where !UnitName.isValid(service) {
      throw Refusal(
        .invalid, "\(service.quoted()) is not a unit's name",
        hint: service.utf8.contains(UInt8(ascii: "."))
          ? nil : "Write it with its suffix, as in \(service).service.")
    }
    guard Set(services).count == services.count else {
      throw Refusal(.invalid, "the same service is named twice")
    }
  }

  /// 1–128 Unicode scalar values, none of the categories Cc, Cf, Zl, Zp.
  private static func isValid(subject: String) -> Bool {
    (1...128).contains(subject.unicodeScalars.count)
      && subject.unicodeScalars.allSatisfy { scalar in
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator: false
        default: true
        }
      }
  }
}
