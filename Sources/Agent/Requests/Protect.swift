internal import AgentToken
internal import ControlSocket
internal import JSON
internal import Linux
internal import Protection
internal import Shields

/// `protect` and `reconnected`: closing needs no permission.
extension Agent {
  func protect(_ request: ControlRequest, _ connection: ControlConnection) throws(Refusal) {
    try request.expect(0...0)
    try requireEnrolled()
    whenFree(.other, connection) { [weak self] () throws(Refusal) in
      guard let self else { return }
      if machine.state.grant != nil {
        recorder.event("protect", outcome: "protecting", peer: connection.peer)
      }
      close(.protectAsked) { [weak self] in
        guard let self else { return }
        // Looking at every shield is work, and whoever asks at the same time sees the same.
        protectors.append(connection)
        if protectors.count == 1 { _ = try? loop.soon { [weak self] in self?.answerProtectors() } }
      }
    }
  }

  private func answerProtectors() {
    let members: [JSON.Member] = [
      .init(name: "state", value: .string(machine.state.name)),
      .init(name: "engaged", value: .object(enforced.map(engagedShields))),
    ]
    let asked = protectors
    protectors = []
    for connection in asked { connection.succeed(members) }
  }

  func reconnected(_ request: ControlRequest, _ connection: ControlConnection) throws(Refusal) {
    try request.expect(0...1)
    try requireEnrolled()
    try requireOwn(request.arguments.first)
    whenFree(.other, connection) { [weak self] () throws(Refusal) in
      self?.reconnect(connection.peer) { [weak self] wasOpen in
        guard let self else { return }
        connection.succeed([
          .init(name: "state", value: .string(machine.state.name)),
          .init(name: "reprotected", value: .bool(wasOpen)),
        ])
      }
    }
  }

  /// - Throws: `wrong_cluster` where a cluster is named and this host is another's.
  func requireOwn(_ cluster: String?) throws(Refusal) {
    guard let cluster, let own = trust.trust?.identity.cluster, cluster != own else { return }
    throw Refusal(
      .wrongCluster, "This host belongs to the cluster \(own), not \(cluster.prefix(128)).")
  }

  /// The cluster is back, so what is open is protected again.
  ///
  /// - Parameter then: called once that is done, with whether anything was open.
  func reconnect(_ peer: Peer, then: @escaping (_ wasOpen: Bool) -> Void) {
    let wasOpen = machine.state.grant != nil
    if wasOpen { recorder.event("reconnected", outcome: "protecting", peer: peer) }
    close(.reconnected) { then(wasOpen) }
  }

  private func close(_ event: ProtectionMachine.Event, then: @escaping () -> Void) {
    whenSettled.append(then)
    handle(event)
  }

  private func engagedShields(_ service: ServiceDefinition) -> JSON.Member {
    JSON.Member(name: service.unit, value: .object(shieldStates(service)))
  }

  /// Each shield as it is found now.
  func shieldStates(_ service: ServiceDefinition) -> [JSON.Member] {
    ShieldName.allCases.map { name in
      JSON.Member(name: name.rawValue, value: .string(shieldState(name, service)))
    }
  }

  private func shieldState(_ name: ShieldName, _ service: ServiceDefinition) -> String {
    if name == .package, service.package == nil { return "none" }
    if settings.mode(of: service.unit) == .audit { return "audit" }
    if machine.state.grant?.covers(service.unit) == true { return "released" }
    let open = inPackageRun(service)
    if name != .unit, open.isInPackageRun { return "waiting" }
    return board.inspect(open, name).isEmpty ? "engaged" : "degraded"
  }
}
