package import AgentToken
internal import Issuing
internal import JSON
package import LinkMessages
internal import Synchronization

extension ControlPlane {
  /// Enrols a host: takes a use of its registration token and adds its agent, or neither.
  ///
  /// Checked in this order: the request's shape, the token, the signing request, the agent's id. The
  /// same machine with another key is enrolled anew under its record; with the same key and token
  /// it did not get the answer, and takes no use.
  ///
  /// - Throws: `invalid_request`, `registration_token_unknown` and its like, `agent_exists`,
  ///   `too_many_requests`.
  package func enrol(
    _ request: EnrolmentRequest, source: String
  ) async throws(Refusal) -> EnrolmentReply {
    try Self.check(request)
    let guesses = ["enrol:" + AttemptLimits.network(of: source)]
    try limits.check(guesses, at: now())
    let secret = RegistrationTokenText(request.token)?.secret ?? ""
    let bundle = try signer.bundle()
    let certified = CertifiedOnce()
    let record: AgentRecord
    do throws(Refusal) {
      record = try await store.enrol(
        secretHash: secrets.hash(secret), agent: request.agent
      ) { (token, existing) throws(Refusal) in
        let (decision, certificate) = try decide(request, token, existing, source)
        certified.keep(certificate)
        return decision
      }
    } catch {
      if error.code == .registrationUnknown { limits.fail(guesses, at: now()) }
      throw error
    }
    guard let certificate = certified.pem else {
      throw Refusal(.internalError, "The agent was enrolled without a certificate.")
    }
    return EnrolmentReply(
      cluster: cluster, tenant: record.tenant, agent: record.agent, certificate: certificate,
      authority: authority.pem, root: bundle.signer.jwk, bundle: bundle.jws)
  }

  private static func check(_ request: EnrolmentRequest) throws(Refusal) {
    guard RegistrationTokenText(request.token) != nil else {
      throw Refusal(
        .invalid, "That is no registration token.",
        hint: "Paste the whole token, on one line and without quotes.")
    }
    guard Identity.isValidID(request.agent) else {
      throw Refusal(
        .invalid, "The agent \(request.agent.quoted()) is not 1 to 128 of A-Z a-z 0-9 . _ : / -.")
    }
    try PlainText.check(request.hostname, "host name", 1...255)
    try PlainText.check(request.version, "version", 1...64)
    try check(machine: request.machine)
  }

  static func check(machine: String) throws(Refusal) {
    guard (16...128).contains(machine.utf8.count), Identity.isValidID(machine) else {
      throw Refusal(.invalid, "The machine has to be told by a hash.")
    }
  }

  /// Called within the store's transaction.
  private func decide(
    _ request: EnrolmentRequest, _ token: RegistrationToken, _ existing: AgentRecord?,
    _ source: String
  ) throws(Refusal) -> (EnrolmentDecision, CertifiedAgent) {
    let now = now()
    let identity = try Identity(cluster: cluster, tenant: token.tenant, agent: request.agent)
    let asked = Result { () throws(Refusal) in
      try authority.certify(
        csr: request.csr, for: identity, at: now, lifetime: settings.certificate)
    }
    let again = existing.flatMap { existing in
      let isSame =
        existing.registrationToken == token.id && existing.machine == request.machine
        && (try? asked.get())?.keyHash == existing.keyHash
      return isSame ? existing : nil
    }
    // Whoever had the last use and did not get the answer finds none left.
    if token.status(at: now) != .usedUp || again == nil { try Self.requireLive(token, at: now) }
    let certificate = try asked.get()
    if let existing, existing.machine != request.machine {
      throw Refusal(
        .agentExists,
        "The tenant \(token.tenant) has an agent \(request.agent) on another machine.",
        hint: "Enrol with another id, or have that one retired first.")
    }
    let record: AgentRecord
    if var again {
      again.hostname = request.hostname
      again.certificateSerial = certificate.serial
      again.certificateExpires = certificate.expires
      record = again
    } else {
      record = enrolled(request, token, existing, certificate, now)
    }
    return (
      EnrolmentDecision(
        record: record, takesUse: again == nil,
        audit: entry(
          again != nil ? "agent.enrol-again" : existing != nil ? "agent.re-enrol" : "agent.enrol",
          source: source, tenant: token.tenant, target: record.id,
          details: Self.details(request, token, again == nil ? existing : nil))),
      certificate
    )
  }

  /// The record of an agent that is enrolled, for the first time or on the same machine once more.
  private func enrolled(
    _ request: EnrolmentRequest, _ token: RegistrationToken, _ existing: AgentRecord?,
    _ certificate: CertifiedAgent, _ now: Int64
  ) -> AgentRecord {
    AgentRecord(
      id: existing?.id ?? secrets.newID(), tenant: token.tenant, agent: request.agent,
      hostname: request.hostname, machine: request.machine, state: existing?.state ?? .pending,
      enrolledAt: now, owner: token.createdBy, ownerName: token.creator,
      registrationToken: token.id, allowsHighAssurance: token.allowsHighAssurance,
      ownProfile: token.profile, labels: existing?.labels ?? [:], keyHash: certificate.keyHash,
      certificateSerial: certificate.serial, certificateExpires: certificate.expires,
      lastSeen: existing?.lastSeen,
      // Versions only rise, whatever is signed anew.
      profile: SentProfile(version: existing?.profile.version ?? 0))
  }

  private static func details(
    _ request: EnrolmentRequest, _ token: RegistrationToken, _ replaced: AgentRecord?
  ) -> String {
    var details: [JSON.Member] = [
      .init(name: "agent", value: .string(request.agent)),
      .init(name: "hostname", value: .string(request.hostname)),
      .init(name: "version", value: .string(request.version)),
      .init(name: "registration_token", value: .string(token.id)),
      .init(name: "owner", value: .string(token.creator)),
    ]
    if let replaced {
      details += [
        .init(name: "owner_before", value: .string(replaced.ownerName)),
        .init(name: "ledger_starts_anew_after", value: .integer(replaced.ledger.size)),
      ]
    }
    return JSON.object(details).encoded()
  }
}

/// The certificate that a decision made: the store hands back records only.
private final class CertifiedOnce: Sendable {
  private let kept = Mutex<String?>(nil)

  func keep(_ certificate: CertifiedAgent) { kept.withLock { $0 = certificate.pem } }

  var pem: String? { kept.withLock { $0 } }
}
