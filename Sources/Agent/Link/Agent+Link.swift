internal import AgentToken
internal import ControlSocket
internal import JSON
internal import Linux
internal import Protection

/// `link` and `ack`: what the courier says of itself and of the cluster. It has no keys, so none of it
/// loosens anything: it tightens or reports.
extension Agent {
  func link(_ request: ControlRequest, _ connection: ControlConnection) throws(Refusal) {
    switch request.arguments.first {
    case nil: connection.succeed([machineMember])
    case "up":
      try request.expect(1...2)
      try linkUp(request.arguments.dropFirst().first, connection)
    case "down":
      try request.expect(1...1)
      if link.isUp { linkDown(connection.peer) }
      connection.succeed([.init(name: "state", value: .string(machine.state.name))])
    default:
      throw Refusal(.badArguments, "It is link, link up, link up CLUSTER, or link down.")
    }
  }

  /// The link stands for as long as this connection does. That it stands again protects again.
  private func linkUp(_ cluster: String?, _ connection: ControlConnection) throws(Refusal) {
    try requireOwn(cluster)
    _ = try requireTrust()
    whenFree(.other, connection) { [weak self] () throws(Refusal) in
      guard let self, connection.isOpen else { return }
      try requireOwn(cluster)
      let own = try requireTrust()
      let isNew = link.holder !== connection
      if isNew { raise(connection) }
      guard isNew, machine.state.isManaged else {
        return answerLink(connection, own.identity, reprotected: false)
      }
      reconnect(connection.peer) { [weak self] in
        self?.answerLink(connection, own.identity, reprotected: $0)
      }
    }
  }

  private func answerLink(
    _ connection: ControlConnection, _ identity: Identity, reprotected: Bool
  ) {
    connection.succeed([
      .init(name: "state", value: .string(machine.state.name)),
      .init(name: "reprotected", value: .bool(reprotected)),
      .init(name: "nonce", value: .string(nonce(for: identity))),
      .init(name: "next", value: .integer(recorder.next)),
      machineMember,
    ])
  }

  private var machineMember: JSON.Member {
    .init(name: "machine", value: MachineStore.fingerprint().map(JSON.string) ?? .null)
  }

  private func raise(_ connection: ControlConnection) {
    link.up(connection, at: Clock.wall())
    linkChanged(connection.peer)
    // Once each, however often it says so.
    let id = ObjectIdentifier(connection)
    guard link.awaited.insert(id).inserted else { return }
    connection.atClose { [weak self, weak connection] in
      guard let self else { return }
      link.awaited.remove(id)
      if let connection, link.holder === connection { linkDown(connection.peer) }
    }
  }

  private func linkDown(_ peer: Peer) {
    link.down(at: Clock.wall())
    if !isStopping { linkChanged(peer) }
  }

  func ack(_ request: ControlRequest, _ connection: ControlConnection) throws(Refusal) {
    try request.expect(1...1)
    _ = try requireTrust()
    guard let sequence = Int64(request.arguments[0]), (0...recorder.next).contains(sequence) else {
      throw Refusal(
        .badArguments,
        "It is ack NUMBER, up to \(recorder.next): what the ledger's next record will have.")
    }
    link.acknowledge(sequence)
    connection.succeed([.init(name: "acknowledged", value: .integer(sequence))])
  }

  // MARK: On record

  private func linkChanged(_ peer: Peer) {
    if link.records.take(at: Clock.boottimeMicroseconds()) { return recordLink(peer) }
    guard link.counting == nil else { return }
    link.counting = try? loop.after(microseconds: LinkRecords.minute, accuracy: 1_000_000) {
      [weak self] in self?.recordCountedLinks()
    }
  }

  /// Says of the changes that had no record how many there were, and what they came to.
  func recordCountedLinks() {
    link.counting = nil
    let changes = link.records.takePassedOver()
    if changes > 0 { recordLink(nil, details: [("changes", "\(changes)")]) }
  }

  private func recordLink(_ peer: Peer?, details: [(String, String)] = []) {
    let outcome = link.isUp ? "up" : "down"
    recorder.event("link", outcome: outcome, peer: peer, details: details)
    Announcer.say(
      .link, .information,
      link.isUp ? "The cluster is connected." : "The cluster is not connected any more.",
      [("LINK", outcome)])
  }

  // MARK: In `status`

  func clusterStatus(_ identity: Identity) -> JSON {
    let now = Clock.wall()
    let isOffline = !link.hasBeenUp && !Files.exists(paths.link)
    func number(_ value: Int64?) -> JSON { value.map(JSON.integer) ?? .null }
    return [
      "id": .string(identity.cluster),
      "link": .string(link.isUp ? "connected" : isOffline ? "offline" : "disconnected"),
      "since": number(link.since),
      "last_contact": number(link.isUp ? now : link.memory.lastContact),
      "acknowledged": number(link.memory.acknowledged),
    ]
  }
}
