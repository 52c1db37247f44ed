import AgentToken
import Cluster
import Issuing
import JSON
import Ledger
import LinkMessages
import Linux
import Testing

/// Agents' ledgers, made by the real one, as their cluster keeps them.
@Suite("Agents' ledgers")
struct AgentLedgerTests {
  @Test func recordsAreKeptAsTheyAre() async throws {
    let world = try await FleetWorld()
    let host = try await world.host()
    try host.nameKey()
    try host.note("state", count: 40, details: [.init(name: "what", value: "ä\u{2028}\"\\")])
    #expect(try await host.send(since: 1, limit: 20) == 21)
    #expect(try await host.send(since: 21) == 42)
    let kept = try await world.plane.ledger(world.caller(), agent: host.id, limit: 100)
    let lines = try host.ledger.lines(since: 1, limit: 100)
    #expect(kept.map(\.sequence) == lines.map(\.sequence))
    #expect(kept.map { Array($0.text.utf8) } == lines.map(\.bytes))
    #expect(kept.first?.event == "ledger_key")
    let position = try await host.record().ledger
    #expect(position.size == 41)
    #expect(position.lines == 41)
    #expect(
      MerkleTree(size: position.lines, peaks: position.peaks)?.rootText == host.ledger.head.root)
    #expect(position.key == CheckpointKey(name: host.origin, publicKey: host.key.publicKey).text)
    #expect(try await world.openAlarms() == [])
    // The next link asks for what is not here yet.
    let link = try await host.connect()
    #expect(try await host.take(link).first?.json["next"] == 42)
  }

  /// What the control socket hands out is parsed and written anew.
  @Test func recordsOutlastBeingParsed() async throws {
    let world = try await FleetWorld()
    let host = try await world.host()
    try host.note("state", count: 3, details: [.init(name: "what", value: "ä\u{2028}\"\\/\u{1}")])
    let bytes = try host.ledger.records(since: 1, limit: 10).map { $0.encodedBytes() }
    #expect(bytes == (try host.ledger.lines(since: 1, limit: 10).map(\.bytes)))
    #expect(try await host.post(bytes) == 4)
  }

  @Test func whatCameBeforeMayComeAgain() async throws {
    let world = try await FleetWorld()
    let host = try await world.host()
    try host.note("state", count: 10)
    #expect(try await host.send(since: 1) == 11)
    #expect(try await host.send(since: 1) == 11)
    try host.note("state", count: 5)
    #expect(try await host.send(since: 8) == 16)
    #expect(try await host.post([]) == 16)
    #expect(try await world.openAlarms() == [])
    #expect(
      try await world.plane.ledger(world.caller(), agent: host.id, since: 9, limit: 3)
        .map(\.sequence) == [9, 10, 11])
  }

  @Test func twoPostsAtOnceLoseNothing() async throws {
    let world = try await FleetWorld()
    let host = try await world.host()
    try host.note("state", count: 30)
    let record = try await host.record()
    let lines = try host.ledger.lines(since: 1, limit: 30)
    let all = lines.flatMap { $0.bytes + [UInt8(ascii: "\n")] }
    try await withThrowingTaskGroup(of: Int64.self) { group in
      for _ in 0..<3 { group.addTask { try await world.plane.take(ledger: all, from: record) } }
      for try await next in group { #expect(next == 31) }
    }
    #expect(try await world.openAlarms() == [])
    #expect(try await host.record().ledger.size == 30)
  }

  @Test func whatIsNoRecordIsRefusedWhole() async throws {
    let world = try await FleetWorld()
    let host = try await world.host()
    try host.note("state", count: 3)
    let good = try host.ledger.lines(since: 1, limit: 3).map(\.bytes)
    let bad: [[[UInt8]]] = [
      [Array("x".utf8)], [good[0], Array("{}".utf8)], [good[1], good[0]], [good[0], good[0]],
      [good[0], []], [good[0] + good[1]],
      [Array(#"{"seq":0,"time":1,"event":"x","head":""}"#.utf8)],
      [Array(#"{"seq":1,"seq":1,"time":1,"event":"x"}"#.utf8)],
      [good[0] + Array(repeating: UInt8(ascii: " "), count: 4096)],
      Array(repeating: good[0], count: 257),
    ]
    for posted in bad {
      #expect(await refused { _ = try await host.post(posted) }?.code == .invalid)
    }
    #expect(try await host.record().ledger == LedgerPosition())
    #expect(try await host.send(since: 1) == 4)
    #expect(try await world.openAlarms() == [])
  }

  // MARK: What does not follow

  @Test func anotherRecordInItsPlaceIsAFork() async throws {
    let world = try await FleetWorld()
    let host = try await world.host()
    try host.note("state", count: 5)
    _ = try await host.send(since: 1)
    var lines = try host.ledger.lines(since: 1, limit: 5).map(\.bytes)
    lines[2] = Array(
      String(decoding: lines[2], as: UTF8.self).replacing("state", with: "stats").utf8)
    #expect(try await host.post(lines) == 6)
    let alarm = try #require(try await world.openAlarms().first)
    #expect(alarm.kind == .ledgerFork)
    #expect(alarm.agent == host.id)
    #expect(alarm.message.contains("Record 3 "))
    // What was kept stays.
    #expect(
      try await world.store.ledger(of: host.id, since: 3, limit: 1).first?.event == "state")
    // Told once.
    _ = try await host.post(lines)
    #expect(try await world.openAlarms().count == 1)
  }

  @Test func aLedgerThatGoesOnFromSomethingElseIsAForkAndKept() async throws {
    let world = try await FleetWorld()
    let host = try await world.host()
    try host.note("state", count: 5)
    _ = try await host.send(since: 1)
    // The same host, set back and gone on.
    let again = try await world.host("again")
    try again.note("state", count: 4)
    try again.note("protect", count: 4)
    let others = try again.ledger.lines(since: 6, limit: 9).map(\.bytes)
    #expect(try await host.post(others) == 9)
    #expect(try await world.openAlarms().map(\.kind) == [.ledgerFork])
    #expect(try await world.openAlarms().first?.message.contains("record 6 ") == true)
    #expect(try await host.record().ledger.peaks == [])
    // Nor is it told of each record that follows.
    try again.note("state", count: 3)
    #expect(try await host.post(try again.ledger.lines(since: 9, limit: 9).map(\.bytes)) == 12)
    #expect(try await world.openAlarms().count == 1)
    #expect(try await world.store.ledger(of: host.id, since: 1, limit: 20).count == 11)
  }

  @Test func theCheckBeginsAgainWhereTheTreeIsSaid() async throws {
    let world = try await FleetWorld()
    let host = try await world.host()
    try host.note("state", count: 5)
    _ = try await host.send(since: 1)
    let other = try await world.host("other")
    try other.note("protect", count: 9)
    other.ledger.limits = LedgerLimits(file: 2000, all: 1 << 20)
    other.ledger.tidy(Self.stamp)
    let segment = try #require(
      try other.ledger.records(since: 1, limit: 99).last { $0["event"] == "segment" }?["seq"]?
        .integer)
    try other.note("state", count: 5)
    _ = try await host.post(try other.ledger.lines(since: 6, limit: 99).map(\.bytes))
    #expect(segment >= 6)
    #expect(try await world.openAlarms().map(\.kind) == [.ledgerFork])
    let position = try await host.record().ledger
    #expect(
      MerkleTree(size: position.lines, peaks: position.peaks)?.rootText == other.ledger.head.root)
  }

  @Test func whatIsMissingIsAskedForAndThenAGap() async throws {
    let world = try await FleetWorld()
    let host = try await world.host()
    try host.note("state", count: 20)
    _ = try await host.send(since: 1, limit: 5)
    // It came before what was sent first: nothing is missing.
    #expect(try await host.send(since: 9) == 6)
    #expect(try await host.send(since: 6, limit: 2) == 8)
    #expect(try await world.openAlarms() == [])
    // The host has nothing else.
    #expect(try await host.send(since: 12) == 8)
    #expect(try await host.send(since: 12) == 21)
    #expect(try await world.openAlarms().map(\.kind) == [.ledgerGap])
    #expect(try await world.openAlarms().first?.message.contains("Records 8 to 11 ") == true)
    #expect(try await host.record().ledger.size == 20)
    #expect(
      try await world.store.ledger(of: host.id, since: 7, limit: 2).map(\.sequence) == [7, 12])
  }

  @Test func whatTheDiskBudgetTookIsAGapFromWhereItGoesOn() async throws {
    let world = try await FleetWorld()
    let host = try await world.host()
    host.ledger.limits = LedgerLimits(file: 4000, all: 9000)
    var boottime: UInt64 = 100_000_000
    for _ in 0..<12 {
      try host.note("state", count: 10)
      boottime += 100_000_000
      host.ledger.tidy(Self.stamp(boottime))
    }
    let first = try #require(try host.ledger.lines(since: 1, limit: 1).first?.sequence)
    #expect(first > 1)
    #expect(try await host.send(since: 1) == 1)
    #expect(try await host.send(since: 1) == host.ledger.nextSequence)
    #expect(try await world.openAlarms().map(\.kind) == [.ledgerGap])
    let position = try await host.record().ledger
    #expect(
      MerkleTree(size: position.lines, peaks: position.peaks)?.rootText == host.ledger.head.root)
  }

  @Test func aShorterLedgerIsARollback() async throws {
    let world = try await FleetWorld()
    let host = try await world.host()
    try host.note("state", count: 10)
    _ = try await host.send(since: 1)
    let link = try await host.connect()
    try await host.say(host.report(next: 11))
    #expect(try await world.openAlarms() == [])
    // Records that were sent since then are no reason to doubt a report on its way.
    try host.note("state", count: 2)
    _ = try await host.send(since: 11)
    try await host.say(host.report(next: 11))
    #expect(try await world.openAlarms() == [])
    try await host.say(host.report(next: 5))
    #expect(try await world.openAlarms().map(\.kind) == [.ledgerRollback])
    #expect(try await host.record().report != nil)
    world.plane.disconnect(link)
  }

  // MARK: Checkpoints

  @Test func checkpointsAreComparedWithWhatIsKept() async throws {
    let world = try await FleetWorld()
    let host = try await world.host()
    try host.nameKey()
    try host.note("state", count: 6)
    let early = host.ledger.head
    try host.note("state", count: 6)
    _ = try await host.send(since: 1)
    let current = host.ledger.head
    try host.note("state", count: 6)
    for head in [early, current, host.ledger.head] {
      try await host.say(host.report(checkpoint: host.checkpoint(head)))
    }
    #expect(try await world.openAlarms() == [])
    let other = LedgerHead(
      sequence: early.sequence, size: early.size, root: String(repeating: "a", count: 64))
    try await host.say(host.report(checkpoint: host.checkpoint(other)))
    #expect(try await world.openAlarms().map(\.kind) == [.ledgerFork])
  }

  @Test func aCheckpointByAnotherKeyIsAFork() async throws {
    let world = try await FleetWorld()
    let host = try await world.host()
    try host.nameKey()
    // Nothing is known of its key yet.
    try await host.say(host.report(checkpoint: host.checkpoint(by: KeyPair.generate())))
    #expect(try await world.openAlarms() == [])
    _ = try await host.send(since: 1)
    try await host.say(host.report(checkpoint: host.checkpoint(by: KeyPair.generate())))
    #expect(try await world.openAlarms().map(\.kind) == [.ledgerFork])
    #expect(try await world.openAlarms().first?.message.contains("key") == true)
    try await host.say(host.report(checkpoint: "nonsense"))
    #expect(try await world.openAlarms().count == 1)
  }

  @Test func anotherKeyInTheLedgerIsAFork() async throws {
    let world = try await FleetWorld()
    let host = try await world.host()
    try host.nameKey()
    try host.nameKey()
    let other = CheckpointKey(name: host.origin, publicKey: KeyPair.generate().publicKey)
    let elsewhere = CheckpointKey(name: "holdfast/other/x", publicKey: other.publicKey)
    try host.note(LedgerEvent.key, details: [.init(name: "key", value: .string(elsewhere.text))])
    _ = try await host.send(since: 1)
    #expect(try await world.openAlarms() == [])
    try host.note(LedgerEvent.key, details: [.init(name: "key", value: .string(other.text))])
    _ = try await host.send(since: 4)
    #expect(try await world.openAlarms().map(\.kind) == [.ledgerFork])
  }

  private static let stamp = stamp(500_000_000)

  private static func stamp(_ boottime: UInt64) -> LedgerEvent {
    LedgerEvent(
      event: "", wall: FleetWorld.noon, boottime: boottime, bootID: "b0a7", outcome: "",
      clock: "wall")
  }
}
