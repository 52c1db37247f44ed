internal import AgentToken
internal import JSON
internal import Ledger
internal import Linux
internal import Protection

/// The agent's way to its ledger: events with time, boot and caller filled in.
///
/// Only the intent of an unprotect must be written for things to go on; an event that cannot be
/// recorded otherwise is counted by the ledger and does not keep the host from being protected.
final class Recorder {
  private let ledger: Ledger
  private let bootID = Machine.bootID()
  private let repaired: String?
  private let damaged: [Int64]
  private let vault: StateVault
  private var flush: EventSource?
  private var isHard = false
  /// Who the last intent of an unprotect is about.
  private var opener: (record: Int64, peer: LedgerPeer?)?
  /// How the clock stands, for every record.
  var stamp: () -> (clock: String, floor: LedgerFloor?) = { ("wall", nil) }
  /// The ledger is not what was known of it.
  let divergence: Ledger.Divergence?

  init(directory: String, vault: StateVault, known: LedgerHead?) throws(SystemError) {
    self.vault = vault
    do {
      let opened = try Ledger.open(
        directory: directory, now: Clock.wall(), boottime: Clock.boottimeMicroseconds(),
        known: known)
      ledger = opened.ledger
      repaired = opened.repaired.map { "\($0)" }
      damaged = opened.damaged
      divergence = opened.divergence
      ledger.adopt(vault.seal.spent)
    } catch {
      throw SystemError(errno: ErrorNumber.inputOutput, operation: "open the ledger: \(error)")
    }
  }

  /// Forgets spent tokens that can never be used again.
  ///
  /// - Parameter hardFloor: before which no token is good whatever the clock says.
  func forgetSpent(hardFloor: Int64) {
    ledger.forgetSpent(now: Clock.wall(), hardFloor: hardFloor)
  }

  /// The floors of trusted time in the last record that has them.
  var lastFloor: LedgerFloor? { ledger.floor }

  /// Tells of what was found when the ledger was opened.
  func sayRepairs() {
    if let repaired {
      Announcer.say(.trouble, .warning, "The ledger's last line was torn and cut off: \(repaired)")
      event("ledger_repaired", outcome: repaired)
    }
    if !damaged.isEmpty {
      let lines = damaged.prefix(10).map(String.init).joined(separator: ", ")
      Announcer.say(.trouble, .error, "The ledger has lines that are no records: \(lines)")
    }
  }

  /// Records something that happened; nil where it could not be.
  @discardableResult
  func event(
    _ name: String, outcome: String, peer: Peer? = nil, details: [(String, String)] = []
  ) -> Int64? {
    let record = try? ledger.append(
      make(
        name, outcome: outcome, peer: peer,
        details: details.filter { !$0.1.isEmpty }.map {
          JSON.Member(name: $0.0, value: .string($0.1))
        }))
    vault.witness(ledger.head)
    return record
  }

  /// Records something that is about to loosen protection; on disk on return.
  func intent(
    _ name: String, outcome: String, peer: Peer, details: [(String, String)]
  ) throws(LedgerError) {
    var event = make(name, outcome: outcome, peer: peer)
    event.details = details.map { JSON.Member(name: $0.0, value: .string($0.1)) }
    _ = try ledger.append(event, sync: true)
    vault.witness(ledger.head)
  }

  /// Records that a token is about to open services; on disk, and the token spent, on return.
  func unprotectIntent(
    _ token: VerifiedToken, units: Set<String>, seconds: Int64, _ peer: Peer
  ) throws(LedgerError) -> Int64 {
    var event = make(LedgerEvent.unprotect, phase: .intent, outcome: "releasing", peer: peer)
    identify(&event, token)
    event.details = [
      .init(name: "scope", value: .string(token.scope.rawValue)),
      .init(name: "role", value: .string(token.role.rawValue)),
      .init(name: "sub", value: token.subject.map { .string($0) } ?? .null),
      .init(name: "services", value: .strings(units.sorted())),
      .init(name: "window", value: .integer(seconds)),
    ]
    if let age = token.challengeElapsed {
      event.details.append(.init(name: "challenge_age", value: .integer(age)))
    }
    let record = try ledger.append(event, sync: true)
    opener = (record, event.peer)
    // In the ledger it is spent, whatever becomes of this.
    try? vault.note(
      SpentToken(
        issuer: token.issuer, jti: token.jti, at: event.wall, record: record,
        expires: token.expires), ledger.head)
    vault.witness(ledger.head)
    return record
  }

  func unprotectResult(_ grant: Grant, failure: String?) {
    var event = make(
      LedgerEvent.unprotect, phase: .result, outcome: failure == nil ? "unprotected" : "failed")
    identify(&event, grant.token)
    if opener?.record == grant.record { event.peer = opener?.peer }
    event.details = [.init(name: "intent", value: .integer(grant.record))]
    if let failure { event.details.append(.init(name: "reason", value: .string(failure))) }
    // The contract has it written before the reply; only the intent has to be on the disk.
    _ = try? ledger.append(event)
    vault.witness(ledger.head)
  }

  /// Takes in a refusal; the ledger folds them per user and minute.
  func refusal(_ verb: String, _ code: Refusal.Code, _ peer: Peer, on loop: EventLoop) {
    ledger.appendRefusal(
      make(
        LedgerEvent.refused, outcome: code.rawValue, peer: peer,
        details: [.init(name: "verb", value: .string(verb))]))
    guard flush == nil else { return }
    flush = try? loop.after(microseconds: 60_000_000, accuracy: 1_000_000) { [weak self] in
      guard let self else { return }
      flush = nil
      ledger.flushFolded()
    }
  }

  /// The number that the next record will have.
  var next: Int64 { ledger.nextSequence }

  /// Where the ledger stands.
  var head: LedgerHead { ledger.head }

  /// Where and when a token was spent here, if it was.
  func spent(_ issuer: String, _ jti: String) -> SpentRecord? {
    ledger.spent[issuer, jti].map { SpentRecord(at: $0.at, record: $0.record) }
  }

  func records(since: Int64, limit: Int) -> [JSON] {
    (try? ledger.records(since: since, limit: limit)) ?? []
  }

  /// Has refusals on record that are still being counted.
  func flushFolded() { ledger.flushFolded() }

  /// Waits until everything that was written is on the disk; false where that fails.
  func sync() -> Bool { (try? ledger.sync()) != nil }

  /// Begins another file where this one is large enough; whether it did.
  func tidy(_ limits: LedgerLimits) -> Bool {
    ledger.limits = limits
    guard ledger.tidy(make(LedgerEvent.key, outcome: "")) else { return false }
    vault.witness(ledger.head)
    try? sealHead()
    return true
  }

  func close() {
    try? sealHead()
  }

  /// Has both copies of the state know where the ledger stands.
  func sealHead() throws(SystemError) {
    // First: after a power cut the ledger must have what the seal says it had.
    do throws(LedgerError) {
      try ledger.close()
    } catch {
      throw SystemError(errno: ErrorNumber.inputOutput, operation: "sync the ledger: \(error)")
    }
    guard !vault.isEmpty else { return }
    try vault.note(nil, ledger.head)
  }

  /// Has the ledger's file take nothing but appending; whether somebody had changed that since.
  func harden() -> Bool {
    defer { isHard = true }
    return ((try? ledger.harden()) ?? false) && isHard
  }

  private func identify(_ event: inout LedgerEvent, _ token: VerifiedToken) {
    event.iss = token.issuer
    event.kid = token.kid
    event.jti = token.jti
    event.exp = token.expires
  }

  private func make(
    _ name: String, phase: LedgerEvent.Phase? = nil, outcome: String, peer: Peer? = nil,
    details: [JSON.Member] = []
  ) -> LedgerEvent {
    let stamp = stamp()
    return LedgerEvent(
      event: name, phase: phase, wall: Clock.wall(), boottime: Clock.boottimeMicroseconds(),
      bootID: bootID, peer: peer.map(LedgerPeer.init), outcome: outcome, clock: stamp.clock,
      floor: stamp.floor, details: details)
  }
}

extension LedgerPeer {
  fileprivate init(_ peer: Peer) {
    // Looked at again: of a process that is gone, what /proc said may have been another's.
    let isSame = peer.isStillThere()
    self.init(
      pid: peer.pid ?? 0, uid: peer.uid, gid: peer.gid, loginuid: isSame ? peer.loginUID : nil,
      tty: isSame ? peer.tty : nil, exe: isSame ? peer.executable : nil,
      parent: isSame ? peer.parent.map { .init(pid: $0, exe: peer.parentExecutable) } : nil)
  }
}
