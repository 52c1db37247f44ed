package import AgentToken
internal import Issuing
internal import JSON

/// Whose certificate it is that a link shows.
///
/// One key counts for each agent: the one in its record. Any certificate for that key does, so that
/// neither an answer that was lost nor a database that was restored locks an agent out; what ends it is
/// another enrolment or its retirement.
extension ControlPlane {
  /// The record of the agent that shows a certificate, whose chain and times TLS has checked.
  ///
  /// - Parameter machine: what it says of its machine. Another one than the record's is a copy of it,
  ///   with the key: it gets a record of its own, and an alarm.
  /// - Throws: `agent_unknown`, `invalid_request`.
  package func agent(
    certificate: PresentedCertificate, machine: String
  ) async throws(Refusal) -> AgentRecord {
    try Self.check(machine: machine)
    let identity = certificate.identity
    guard identity.cluster == cluster, certificate.expires > now() else { throw .agentUnknown }
    let records = try await store.agents(tenant: identity.tenant, agent: identity.agent)
    guard let first = records.first(where: { $0.cloneOf == nil && $0.state != .retired }),
      first.keyHash == certificate.keyHash
    else { throw .agentUnknown }
    if first.machine == machine { return first }
    let clones = records.filter { $0.cloneOf == first.id }
    if let known = clones.first(where: { $0.machine == machine }) {
      guard known.state != .retired else { throw .agentUnknown }
      return known
    }
    guard clones.count < Self.mostClones else { throw .agentUnknown }
    return try await addClone(of: first, machine: machine)
  }

  /// Another certificate for the key that an agent has.
  ///
  /// - Returns: PEM.
  /// - Throws: `invalid_request`; `agent_unknown` for a clone, and for one that is retired.
  package func renew(
    _ agent: AgentRecord, csr: String, source: String
  ) async throws(Refusal) -> String {
    guard agent.cloneOf == nil, agent.state != .retired else { throw .agentUnknown }
    let now = now()
    let certificate = try authority.certify(
      csr: csr, for: try Identity(cluster: cluster, tenant: agent.tenant, agent: agent.agent),
      at: now, lifetime: settings.certificate)
    guard certificate.keyHash == agent.keyHash else {
      throw Refusal(
        .invalid, "A certificate is renewed for the key that it has.",
        hint: "Enrol again to have another key.")
    }
    do throws(Refusal) {
      try await store.keep(
        certificateSerial: certificate.serial, keyHash: certificate.keyHash,
        expires: certificate.expires, of: agent.id,
        audit: entry(
          "agent.renew", source: source, tenant: agent.tenant, target: agent.id,
          details: JSON.object([.init(name: "agent", value: .string(agent.agent))]).encoded()))
    } catch {
      // It was retired, or enrolled anew with another key, while this was signed.
      throw error.code == .notFound ? .agentUnknown : error
    }
    return certificate.pem
  }

  /// Who has a key can call itself anything: not without end.
  private static var mostClones: Int { 16 }

  private func addClone(
    of first: AgentRecord, machine: String
  ) async throws(Refusal) -> AgentRecord {
    // The same for both of two requests at once, so that one of them finds it there.
    let id = String(secrets.hash("clone \(first.id) \(machine)").prefix(16))
    let clone = AgentRecord(
      id: id, tenant: first.tenant, agent: first.agent, hostname: "", machine: machine,
      cloneOf: first.id, state: .active, enrolledAt: now(), owner: first.owner,
      ownerName: first.ownerName, registrationToken: first.registrationToken,
      allowsHighAssurance: false, ownProfile: nil, keyHash: first.keyHash,
      certificateSerial: first.certificateSerial, certificateExpires: first.certificateExpires)
    let alarm = Alarm(
      id: secrets.newID(), at: now(), kind: .clone, tenant: first.tenant, agent: id,
      message:
        "Another machine shows the certificate of \(first.agent) (\(first.hostname)): it is a "
        + "copy of it, and kept apart.")
    do throws(Refusal) {
      try await store.add(clone, alarm: alarm)
    } catch {
      guard error.code == .conflict, let other = try await store.agent(id) else { throw error }
      return other
    }
    return clone
  }
}

extension Refusal {
  fileprivate static let agentUnknown = Refusal(
    .agentUnknown, "The certificate is not, or not any more, that of an agent here.",
    hint: "Enrol the host again.")
}
