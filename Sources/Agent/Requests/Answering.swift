internal import AgentToken
internal import ControlSocket
internal import JSON
internal import Linux
internal import Protection
internal import Version

/// The control socket's verbs: who may is decided first, then each verb has its own function.
extension Agent {
  func answer(_ request: ControlRequest, _ connection: ControlConnection) {
    connection.verb = request.verb
    do throws(Refusal) {
      let peer = connection.peer
      try Authority.check(
        request.verb, argument: request.arguments.first,
        from: Authority.asker(
          uid: peer.uid, gid: peer.gid, groups: peer.groups, members: members, link: courier))
      try dispatch(request, connection)
    } catch {
      refuse(connection, error)
    }
  }

  private func dispatch(
    _ request: ControlRequest, _ connection: ControlConnection
  ) throws(Refusal) {
    switch request.verb {
    case "unprotect": try unprotect(request, connection)
    case "check": try check(request, connection)
    case "checkpoint": try checkpoint(request, connection)
    case "challenge": try challenge(request, connection)
    case "protect": try protect(request, connection)
    case "link": try link(request, connection)
    case "ack": try ack(request, connection)
    case "reconnected": try reconnected(request, connection)
    case "bundle": try bundle(request, connection)
    case "profile": try profile(request, connection)
    case "revocations": try revocations(request, connection)
    case "time": try time(request, connection)
    case "enroll": try enroll(request, connection)
    case "release": try release(request, connection)
    case "guard": try guarding(request, connection)
    case "upgrade": try upgrade(request, connection)
    case "reload": try reload(request, connection)
    case "restart": try restart(request, connection)
    case "accept": try accept(request, connection)
    case "recover": try recover(request, connection)
    case "doctor": try doctor(request, connection)
    case "status": try status(request, connection)
    case "events": try events(request, connection)
    case "watch": try watch(request, connection)
    case "ping":
      try request.expect(0...0)
      connection.succeed()
    case "version":
      try request.expect(0...0)
      connection.succeed([
        .init(name: "version", value: .string(holdfastVersion)),
        .init(name: "tokens", value: ["agent-token+jwt"]),
      ])
    case "help":
      try request.expect(0...0)
      connection.succeed([.init(name: "verbs", value: .strings(Authority.verbs))])
    default:
      throw Refusal(.unknownVerb, "There is no verb \(request.verb.prefix(32)).")
    }
  }

  /// Answers with a refusal, which is on record unless anybody may ask for that verb. A token's code
  /// that is not said has been counted already.
  func refuse(_ connection: ControlConnection, _ refusal: Refusal) {
    if refusal.code != .rateLimited, !Authority.isOpenToAll(connection.verb) {
      recorder.refusal(connection.verb, refusal.code, connection.peer, on: loop)
    }
    connection.refuse(refusal)
  }

  /// Has `run` called when requests that change the state may be taken, in their order.
  ///
  /// - Parameter refused: called where the request was refused, be it by `run` or for its wait.
  func whenFree(
    _ kind: Waiting.Kind, _ connection: ControlConnection, refused: @escaping () -> Void = {},
    run: @escaping () throws(Refusal) -> Void
  ) {
    let attempt = { [weak self] in
      do throws(Refusal) {
        try run()
      } catch {
        self?.refuse(connection, error)
        refused()
      }
    }
    if isFree, waiting.isEmpty { return attempt() }
    let patience = kind == .release ? Self.releasePatience : Self.patience
    waiting.add(
      kind, patience: patience,
      expired: { [weak self] in
        self?.refuse(
          connection,
          Refusal(
            .busy, "Shields are going up or down; nothing was spent or changed.",
            hint: "Try again in a few seconds."))
        refused()
      },
      run: attempt)
  }

  /// Throws unless this host has somebody who could let it go.
  func requireEnrolled() throws(Refusal) {
    guard machine.state == .unmanaged else { return }
    guard let dismissal else { throw Refusal.notEnrolled }
    throw Refusal(
      .unmanaged,
      "Nothing is protected on this host: the cluster's profile \(dismissal.profile.version) "
        + "switched protection off.")
  }
}

extension ControlRequest {
  /// - Throws: `bad_arguments` unless there are as many arguments as `counts` says.
  func expect(_ counts: ClosedRange<Int>) throws(Refusal) {
    guard counts.contains(arguments.count) else {
      let wanted =
        counts.upperBound == 0
        ? "no arguments"
        : counts.lowerBound == counts.upperBound
          ? "\(counts.lowerBound) argument\(counts.lowerBound == 1 ? "" : "s")"
          : counts.upperBound == .max
            ? "\(counts.lowerBound) or more arguments"
            : "\(counts.lowerBound) to \(counts.upperBound) arguments"
      throw Refusal(.badArguments, "\(verb) takes \(wanted), not \(arguments.count).")
    }
  }
}
