package import AgentToken
internal import JSON

extension ControlPlane {
  /// The newest first.
  ///
  /// - Parameter isOpen: whether nobody has acknowledged it; nil for all.
  package func alarms(
    _ caller: Caller, isOpen: Bool? = nil, _ page: PageRequest = PageRequest()
  ) async throws(Refusal) -> Page<Alarm> {
    try await store.alarms(caller.view, isOpen: isOpen, page)
  }

  package func alarm(_ caller: Caller, _ id: String) async throws(Refusal) -> Alarm {
    if let alarm = try await store.alarm(id), caller.view.shows(tenant: alarm.tenant) {
      // Whoever sees only some agents sees only their alarms.
      if caller.view.owner == nil { return alarm }
      if let agent = try await store.agent(alarm.agent), caller.view.shows(agent) { return alarm }
    }
    throw Refusal.missing("alarm", id)
  }

  /// Somebody has looked at it. Again changes nothing.
  package func acknowledgeAlarm(_ caller: Caller, _ id: String) async throws(Refusal) -> Alarm {
    try caller.require(.acknowledgeAlarms)
    let alarm = try await alarm(caller, id)
    guard alarm.acknowledgedAt == nil else { return alarm }
    let json: JSON = [
      "kind": .string(alarm.kind.rawValue), "agent": .string(alarm.agent),
    ]
    try await store.acknowledge(
      alarm: id, at: now(), by: caller.account.name,
      audit: caller.entry(
        "alarm.acknowledge", at: now(), tenant: alarm.tenant, target: id, details: json.encoded()))
    return try await self.alarm(caller, id)
  }
}
