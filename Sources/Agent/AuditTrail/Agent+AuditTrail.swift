internal import AgentToken
internal import ControlSocket
internal import HostConfiguration
internal import JSON
internal import Ledger
internal import Linux

/// Having the ledger outlast this host: where it stands is signed and goes to the journal, from where
/// it can be forwarded; and it is kept within its limits.
extension Agent {
  /// So many records are signed for at once, at the latest.
  private static let recordsPerCheckpoint: Int64 = 256
  /// What was recorded is signed for within an hour: microseconds.
  private static let checkpointInterval: UInt64 = 3_600_000_000

  /// The log's name: whose ledger it is.
  private var ledgerOrigin: String? {
    trust.trust.map { "holdfast/\($0.identity.cluster)/\($0.identity.agent)" }
  }

  /// Sees to it that there is a key, and says in the ledger which.
  ///
  /// - Parameter isNewHost: the ledger is another cluster's from now on.
  func nameLedgerKey(isNewHost: Bool = false) {
    guard let ledgerOrigin, isNewHost || !ledgerKey.isThere else { return }
    do {
      try ledgerKey.make()
      recordLedgerKey(ledgerOrigin)
    } catch {
      Announcer.say(
        .trouble, .error, "The key for the ledger's checkpoints cannot be stored: \(error)")
    }
  }

  private func recordLedgerKey(_ origin: String) {
    guard let key = ledgerKey.key(of: origin) else { return }
    recorder.event(LedgerEvent.key, outcome: "signs", details: [("key", key.text)])
  }

  /// To be called every minute.
  func keepLedger() {
    if recorder.tidy(LedgerLimits(settings.current.ledger)), let ledgerOrigin {
      // The record that says which key it is may be among those that go.
      recordLedgerKey(ledgerOrigin)
    }
    let unsigned = recorder.head.size - signed.size
    let isDue = Clock.boottimeMicroseconds() >= signed.at + Self.checkpointInterval
    if unsigned >= Self.recordsPerCheckpoint || unsigned > 0 && isDue { publishCheckpoint() }
  }

  /// In a moment: whoever unprotected the host does not wait for it.
  func publishCheckpointSoon() {
    checkpointing = try? loop.after(microseconds: 50_000, accuracy: 50_000) { [weak self] in
      self?.publishCheckpoint()
    }
  }

  /// Signs where the ledger stands, for the journal and beside the ledger.
  func publishCheckpoint() {
    let head = recorder.head
    guard head.size > 0, let note = checkpoint() else { return }
    signed = (head.size, Clock.boottimeMicroseconds())
    Announcer.say(
      .checkpoint, .information, "The ledger has \(head.size) lines, their root is \(head.root).",
      [("CHECKPOINT", note), ("SIZE", "\(head.size)"), ("ROOT", head.root)])
    try? Files.writeAtomically(
      "\(paths.state)/ledger/\(Ledger.checkpointName)", Array(note.utf8), mode: 0o600)
  }

  /// Where the ledger stands, on the disk and signed; nil where this host has no key.
  func checkpoint() -> String? {
    guard let ledgerOrigin, ledgerKey.isThere, recorder.sync(),
      let checkpoint = Checkpoint(origin: ledgerOrigin, head: recorder.head)
    else { return nil }
    return ledgerKey.sign(checkpoint)
  }

  /// The verb: where the ledger stands now.
  func checkpoint(_ request: ControlRequest, _ connection: ControlConnection) throws(Refusal) {
    try request.expect(0...0)
    recorder.flushFolded()
    connection.succeed(checkpointMembers)
  }

  var checkpointMembers: [JSON.Member] {
    let note = checkpoint()
    let head = recorder.head
    return [
      .init(name: "ledger", value: ["size": .integer(head.size), "head": .string(head.root)]),
      .init(name: "checkpoint", value: note.map(JSON.string) ?? .null),
      .init(
        name: "key",
        value: ledgerOrigin.flatMap { ledgerKey.key(of: $0) }.map { .string($0.text) } ?? .null),
    ]
  }
}

extension LedgerLimits {
  init(_ room: LedgerRoom) { self.init(file: room.fileSize, all: room.maxUse) }
}
