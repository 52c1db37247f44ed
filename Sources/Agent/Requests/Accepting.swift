internal import AgentToken
internal import ControlSocket
internal import JSON
internal import Linux
internal import Protection
internal import Shields

/// `accept` and `recover`: what somebody with a token looked at counts as good from now on.
extension Agent {
  /// Clears what is named in `status`: signs of tampering, and files that changed while unprotected,
  /// those of this window included.
  func accept(_ request: ControlRequest, _ connection: ControlConnection) throws(Refusal) {
    try request.expect(0...0)
    try requireEnrolled()
    whenFree(.other, connection) { [weak self] () throws(Refusal) in
      guard let self else { return }
      try requireOpen(Own.service)
      let accepted = takeAsGood()
      recorder.event("accepted", outcome: "ok", peer: connection.peer, details: accepted)
      connection.succeed(accepted.members)
    }
  }

  /// Puts a host right after its files were restored from a backup: the machine as it is now counts.
  /// Baselines are taken anew, alarms are over, both copies of the state begin again above every
  /// generation there was. Tokens that were spent stay spent.
  func recover(_ request: ControlRequest, _ connection: ControlConnection) throws(Refusal) {
    try request.expect(0...0)
    try requireEnrolled()
    guard trust.trust != nil else {
      throw Refusal(
        .trustMissing,
        "The trust of this host is gone or damaged, so nobody can open a window to recover it in.",
        hint: "Boot once with holdfast=off on the kernel command line, then enrol this host again.")
    }
    whenFree(.other, connection) { [weak self] () throws(Refusal) in
      guard let self else { return }
      guard isFullyOpen else {
        throw Refusal(
          .protected, "This host is protected, and to recover it takes all of it as good.",
          hint: "Unprotect all of it first: holdfast unprotect -")
      }
      let accepted = takeAsGood()
      let modes = modes
      let outcome = settings.take(isOpen: true)
      _ = adopt(outcome, modes: modes)
      do {
        try guards.markVoid(Set(guards.definitions.map(\.unit)))
        let strays = board.removeStrays(known: guards.definitions)
        let record = recorder.event(
          "recovered", outcome: "ok", peer: connection.peer,
          details: accepted + [("strays", strays.joined(separator: " "))])
        try recorder.sealHead()
        mendState()
        reloadIf(!strays.isEmpty) {
          connection.succeed(
            accepted.members + [
              .init(name: "removed", value: .strings(strays)),
              .init(name: "record", value: record.map(JSON.integer) ?? .null),
            ])
        }
      } catch {
        throw Refusal(
          .internalError, "The state cannot be written: \(error)",
          hint: "Is there room below \(paths.state), and is it writable?")
      }
    }
  }

  /// What was taken as good, for the record.
  private func takeAsGood() -> [(String, String)] {
    let alarms = notices.alarms
    let changed = notices.changed.sorted { $0.key < $1.key }.flatMap(\.value)
    notices.clear()
    try? trust.acceptBundle()
    let covered = guards.definitions.filter { machine.state.grant?.covers($0.unit) ?? true }
    acceptance = Acceptance(
      at: Clock.wallMicroseconds() * 1000,
      gone: Set(covered.flatMap(\.everyFile).map(\.path).filter { !Files.exists($0) }))
    return [
      ("alarms", alarms.joined(separator: "; ")), ("changed", changed.joined(separator: " ")),
    ]
  }
}

extension [(String, String)] {
  fileprivate var members: [JSON.Member] {
    map { JSON.Member(name: $0.0, value: .string($0.1)) }
  }
}
