internal import AgentToken
internal import ControlSocket
internal import JSON
internal import Linux
internal import Protection

/// `enroll` and `bundle`: whose signatures this host takes.
extension Agent {
  private static let largestEnrolment = JSON.Limits(maxBytes: 384 << 10, maxDepth: 4, maxMembers: 8)

  func enroll(_ request: ControlRequest, _ connection: ControlConnection) throws(Refusal) {
    if request.rest == "dry-run" { return try answerDryRun(connection) }
    let enrolment = try parseEnrolment(request.rest)
    whenFree(.other, connection) { [weak self] () throws(Refusal) in
      guard let self else { return }
      try requireOpenForEnrolment()
      do {
        try trust.enrol(enrolment)
        try releases.forget()
      } catch {
        throw Refusal(.internalError, "The enrolment cannot be stored: \(error)")
      }
      link.forget()
      timekeeper.begin(enrolment.bundle)
      acceptMachine()
      recorder.event(
        "enrolled", outcome: enrolment.identity.cluster, peer: connection.peer,
        details: [
          ("tenant", enrolment.identity.tenant), ("agent", enrolment.identity.agent),
          ("enrolment", enrolment.enrolment), ("bundle_seq", "\(enrolment.bundle.sequence)"),
        ])
      nameLedgerKey(isNewHost: true)
      addOwnGuard()
      whenSettled.append { [weak self] in
        guard let self else { return }
        connection.succeed([
          .init(name: "state", value: .string(machine.state.name)),
          .init(name: "cluster", value: .string(enrolment.identity.cluster)),
          .init(name: "tenant", value: .string(enrolment.identity.tenant)),
          .init(name: "agent", value: .string(enrolment.identity.agent)),
          .init(name: "enrolment", value: .string(enrolment.enrolment)),
        ])
      }
      handle(machine.state == .unmanaged ? .enrolled : .protectAsked)
    }
  }

  /// Before a registration token is spent: whether an enrolment would be taken, and what this host is
  /// called in one.
  private func answerDryRun(_ connection: ControlConnection) throws(Refusal) {
    try requireOpenForEnrolment()
    connection.succeed([
      .init(name: "state", value: .string(machine.state.name)),
      .init(name: "agent", value: Self.derivedAgentID.map(JSON.string) ?? .null),
      .init(name: "machine", value: MachineStore.fingerprint().map(JSON.string) ?? .null),
    ])
  }

  /// A host that is enrolled enrols again only in an open window that covers Holdfast itself.
  private func requireOpenForEnrolment() throws(Refusal) {
    if machine.state == .unmanaged, trust.trust == nil { return }
    if case .unprotected(let grant) = machine.state, grant.covers(Own.service) { return }
    try requireEnrolled()
    throw Refusal(
      .protected,
      "This host is enrolled with \(trust.trust?.identity.cluster ?? "a cluster") and protected.",
      hint: "Unprotect \(Own.service) first: holdfast unprotect -")
  }

  private func parseEnrolment(_ text: String) throws(Refusal) -> TrustStore.Trust {
    let json: JSON
    do throws(JSON.ParseError) {
      json = try JSON.parse(Array(text.utf8), limits: Self.largestEnrolment)
    } catch {
      throw Refusal(
        .badArguments, "The enrolment is no JSON: \(error.reason) at byte \(error.offset).")
    }
    let members = Set((json.members ?? []).map(\.name))
    guard let root = json["root"], let bundle = json["bundle"]?.string,
      let tenant = json["tenant"]?.string,
      members.isSubset(of: ["root", "bundle", "tenant", "agent"]),
      json["agent"].map({ $0.string != nil }) ?? true
    else {
      throw Refusal(
        .badArguments, "An enrolment has root, bundle and tenant, may have agent, and nothing else."
      )
    }
    let key = try PublicKey(jwk: root, scheme: scheme)
    let verified = try TrustBundle.enrol(jws: Array(bundle.utf8), root: key, scheme: scheme)
    guard let agent = json["agent"]?.string ?? Self.derivedAgentID else {
      throw Refusal(
        .badArguments, "This machine has no machine id to derive an agent id from.",
        hint: "Name one with --agent.")
    }
    return TrustStore.Trust(
      identity: try Identity(cluster: verified.cluster, tenant: tenant, agent: agent),
      enrolment: Base64URL.encode(Random.bytes(16)), bundle: verified)
  }

  /// The same for a machine at every enrolment, and telling nobody its machine id (machine-id(5)).
  private static var derivedAgentID: String? {
    MachineStore.ownID.map { "host-\($0.prefix(16))" }
  }

  /// Holdfast guards itself like any other service.
  private func addOwnGuard() {
    if guards.definition(of: Own.service) == nil { adoptUndefined(Own.service) }
  }

  func bundle(_ request: ControlRequest, _ connection: ControlConnection) throws(Refusal) {
    try request.expect(1...1)
    let own = try requireTrust()
    let jws = Array(request.arguments[0].utf8)
    switch try own.bundle.successor(jws: jws, scheme: scheme) {
    case .unchanged:
      connection.succeed([
        .init(name: "seq", value: .integer(own.bundle.sequence)),
        .init(name: "changed", value: false),
      ])
    case .newer(let newer):
      do {
        try trust.replace(bundle: newer)
      } catch {
        throw Refusal(.internalError, "The bundle cannot be stored: \(error)")
      }
      bundleBehind = false
      timekeeper.take(newer)
      reconsiderDismissal()
      recorder.event(
        "bundle", outcome: "\(newer.sequence)", peer: connection.peer,
        details: [("previous", "\(own.bundle.sequence)")])
      var members: [JSON.Member] = [
        .init(name: "seq", value: .integer(newer.sequence)), .init(name: "changed", value: true),
      ]
      if newer.issuedAt > Clock.wall() + 60 {
        members.append(
          .init(
            name: "warning",
            value: "the bundle was signed in the future: is this host's clock slow?"))
      }
      connection.succeed(members)
    }
  }
}
