internal import AgentToken
internal import ControlSocket
internal import HostConfiguration
internal import JSON
internal import Linux
internal import Protection
internal import Shields
internal import Version

/// `status`, `watch` and `events`: what is so, inspected when asked.
extension Agent {
  func status(_ request: ControlRequest, _ connection: ControlConnection) throws(Refusal) {
    try request.expect(0...0)
    // Whoever asks while one is being made shares the next: it is work for PID 1 and for us, and
    // anybody may ask.
    statusReaders.append(connection)
    if statusReaders.count == 1 { statuses.take { [weak self] in self?.answerStatus($0) } }
  }

  private func answerStatus(_ done: @escaping () -> Void) {
    let readers = statusReaders
    statusReaders = []
    manager.reports(of: guards.definitions.map(\.unit)) { [weak self] reports in
      defer { done() }
      guard let self else { return }
      let members = self.status(reports)
      for connection in readers { connection.succeed(members) }
    }
  }

  private func status(_ reports: [UnitReport]) -> [JSON.Member] {
    let own = trust.trust
    let services =
      machine.state == .unmanaged
      ? []
      : guards.definitions.map { service in
        JSON.Member(
          name: service.unit,
          value: .object(status(of: service, reports.first { $0.facts.name == service.unit })))
      }
    var members: [JSON.Member] =
      stateMembers + [
        .init(name: "version", value: .string(holdfastVersion)),
        .init(name: "agent", value: own.map { .string($0.identity.agent) } ?? .null),
        .init(name: "tenant", value: own.map { .string($0.identity.tenant) } ?? .null),
        .init(name: "enrolment", value: own.map { .string($0.enrolment) } ?? .null),
        .init(name: "cluster", value: own.map { clusterStatus($0.identity) } ?? .null),
      ]
    if let grant = machine.state.grant {
      members.append(
        .init(
          name: "grant",
          value: .object(
            description(of: grant.token) + [
              .init(name: "kid", value: .string(grant.token.kid)),
              .init(name: "record", value: .integer(grant.record)),
            ])))
    }
    members += [
      .init(
        name: "mode",
        value: .string(settings.isAuditBoot ? "audit" : settings.current.mode.rawValue)),
      .init(name: "services", value: .object(services)),
      .init(name: "clock", value: .string(timekeeper.standingNow().rawValue)),
      .init(name: "time", value: time),
      .init(
        name: "profile",
        value: own.flatMap { own in
          own.currentProfile.map {
            [
              "version": .integer($0.version), "issued": .integer($0.issuedAt),
              "enabled": .bool(dismissal == nil), "kid": .string($0.signer.kid),
            ]
          }
        } ?? .null),
      .init(name: "revocations", value: own.map { .integer($0.revocations.sequence) } ?? .null),
      .init(
        name: "bundle",
        value: own.map {
          ["seq": .integer($0.bundle.sequence), "issued": .integer($0.bundle.issuedAt)]
        } ?? .null),
      .init(name: "bundle_behind", value: .bool(bundleBehind)),
      .init(name: "problems", value: .strings(problems)),
    ]
    return members
  }

  private func status(of service: ServiceDefinition, _ report: UnitReport?) -> [JSON.Member] {
    let tally = healing.tallies[service.unit]
    let shields = shieldStates(service)
    let values = shields.compactMap(\.value.string)
    let isReleased = machine.state.grant?.covers(service.unit) == true
    let problem = isReleased ? nil : troubles[service.unit]?.first
    let mode = settings.mode(of: service.unit)
    let state =
      isReleased
      ? "released"
      : mode == .audit
        ? "audit"
        : problem != nil || values.contains("degraded")
          ? "degraded"
          : values.contains("waiting") || report?.activeState == "activating"
            ? "pending" : "protected"
    var members: [JSON.Member] = [
      .init(name: "active", value: .string(report?.activeState ?? "unknown")),
      .init(name: "sub", value: .string(report?.subState ?? "unknown")),
      .init(name: "since", value: .integer(report?.since ?? 0)),
      .init(name: "state", value: .string(state)),
      .init(name: "mode", value: .string(mode.rawValue)),
      .init(name: "shields", value: .object(shields)),
      .init(name: "healed", value: .integer(tally?.count ?? 0)),
      .init(name: "downtime_ms", value: .integer(Int64((tally?.downtime ?? 0) / 1000))),
    ]
    if let problem { members.append(.init(name: "problem", value: .string(problem))) }
    if let changed = notices.changed[service.unit] {
      members.append(.init(name: "changed_while_unprotected", value: .strings(changed)))
    }
    members.append(.init(name: "added_by", value: service.addedBy.json))
    return members
  }

  var stateMembers: [JSON.Member] {
    [
      .init(name: "state", value: .string(machine.state.name)),
      .init(name: "since", value: .integer(since)),
      .init(
        name: "until", value: machine.state.grant.map { .integer($0.endsAt) } ?? .null),
    ]
  }

  // MARK: Following

  func watch(_ request: ControlRequest, _ connection: ControlConnection) throws(Refusal) {
    try request.expect(0...0)
    let id = ObjectIdentifier(connection)
    watchers[id] = connection
    connection.atClose { [weak self] in self?.watchers[id] = nil }
    connection.push(.object([.init(name: "ok", value: true)] + stateMembers))
  }

  func tellWatchers() {
    let line = JSON.object([.init(name: "ok", value: true)] + stateMembers)
    for connection in Array(watchers.values) { connection.push(line) }
  }

  private static let page = 256

  func events(_ request: ControlRequest, _ connection: ControlConnection) throws(Refusal) {
    try request.expect(0...2)
    var since: Int64 = 1
    if !request.arguments.isEmpty {
      guard request.arguments.count == 2, request.arguments[0] == "since",
        let number = Int64(request.arguments[1]), number >= 0
      else { throw Refusal(.badArguments, "It is events, or events since NUMBER.") }
      since = number
    }
    var pending: ArraySlice<JSON> = []
    var next = since
    var ended = false
    connection.stream { [weak self] in
      guard let self, !ended else { return nil }
      if pending.isEmpty {
        pending = recorder.records(since: next, limit: Self.page)[...]
      }
      guard let record = pending.popFirst() else {
        ended = true
        return ["ok": true, "next": .integer(next)]
      }
      next = (record["seq"]?.integer ?? next) + 1
      return record
    }
  }
}
