import Glibc
import JSON
import Testing

@testable import Ledger

/// Disks that fail, in memory.
@Suite struct FailingDiskTests {
  private func open(_ disk: FakeDisk) throws -> Ledger {
    try Ledger.open(disk, now: noon).ledger
  }

  @Test func intentsAreOnTheDiskBeforeTheCallReturns() throws {
    let disk = FakeDisk()
    let ledger = try open(disk)
    try ledger.append(event())
    try ledger.append(result("a"))
    #expect(disk.syncs == 0)
    try ledger.append(intent("a"))
    #expect(disk.syncs == 1)
    try ledger.append(event("protect", phase: .intent), sync: false)
    #expect(disk.syncs == 2)
    try ledger.append(result("a"), sync: true)
    #expect(disk.syncs == 3)
  }

  @Test(arguments: [EIO, EROFS])
  func anIntentThatCannotBeWrittenThrows(code: Int32) throws {
    let disk = FakeDisk()
    let ledger = try open(disk)
    disk.writeError = code
    let error = #expect(throws: LedgerError.self) { try ledger.append(intent("a")) }
    #expect(error?.kind == .io)
    #expect(ledger.spent.count == 0)
    #expect(ledger.nextSequence == 1)
    disk.writeError = nil
    #expect(try ledger.append(intent("a")) == 1)
    #expect(try ledger.records(since: 1, limit: 1).first?["dropped"] == 1)
  }

  @Test func anIntentThatIsNotOnTheDiskIsTakenBack() throws {
    let disk = FakeDisk()
    let ledger = try open(disk)
    try ledger.append(event())
    let before = disk.bytes
    disk.syncError = EIO
    let error = #expect(throws: LedgerError.self) { try ledger.append(intent("a")) }
    #expect(error?.kind == .io)
    #expect(disk.bytes == before)
    #expect(ledger.spent.count == 0)
    #expect(ledger.reserveAvailable)
    disk.syncError = nil
    #expect(try ledger.append(intent("a")) == 2)
  }

  @Test func writesMayBeShort() throws {
    let disk = FakeDisk()
    disk.largestWrite = 7
    let ledger = try open(disk)
    try ledger.append(event())
    try ledger.append(intent("a"))
    #expect(try open(disk).spent.count == 1)
  }

  /// The half of a record that was written goes, and if it cannot, nothing is written behind it.
  @Test func aHalfWrittenRecordIsTakenBack() throws {
    let disk = FakeDisk()
    disk.canReserve = false
    let ledger = try open(disk)
    #expect(!ledger.reserveAvailable)
    try ledger.append(event())
    let before = disk.bytes
    disk.capacity = Int64(before.count) + 10
    for event in [intent("a"), event()] {
      let error = #expect(throws: LedgerError.self) { try ledger.append(event) }
      #expect(error?.kind == .noSpace)
      #expect(disk.bytes == before)
    }

    disk.truncateError = EIO
    #expect(throws: LedgerError.self) { try ledger.append(event()) }
    #expect(disk.bytes.count == before.count + 10)
    disk.capacity = .max
    #expect(throws: LedgerError.self) { try ledger.append(intent("a")) }
    #expect(disk.bytes.count == before.count + 10)
    #expect(ledger.spent.count == 0)
    // The rest of it is no record to a reader either.
    #expect(try ledger.records(since: 0, limit: 9).count == 1)

    disk.truncateError = nil
    #expect(try ledger.append(intent("a")) == 2)
    let opened = try Ledger.open(disk, now: noon)
    #expect(opened.damaged == [])
    #expect(opened.repaired == nil)
    #expect(try opened.ledger.records(since: 2, limit: 1).first?["dropped"] == 4)
  }

  @Test func filesThatCannotBeReadAreNotOpened() {
    let disk = FakeDisk()
    disk.bytes = Array("{}\n".utf8)
    disk.readError = EIO
    let error = #expect(throws: LedgerError.self) { try open(disk) }
    #expect(error?.kind == .io)
  }

  /// The reserve is for unlocks; of the rest only protecting again may use it, in part.
  @Test func theReserveIsForUnlocks() throws {
    let disk = FakeDisk()
    let ledger = try open(disk)
    try ledger.append(event())
    #expect(ledger.reserveAvailable)
    disk.capacity = disk.reserved

    // Others may use what lies beyond the reserve, and are then dropped.
    var ordinary = 0
    while (try? ledger.append(event())) != nil { ordinary += 1 }
    #expect(ordinary > 0)
    #expect(disk.reserved - Int64(disk.bytes.count) >= 1000 * 2 * 4096)
    #expect(ledger.dropped == 1)
    let error = #expect(throws: LedgerError.self) { try ledger.append(event()) }
    #expect(error?.kind == .noSpace)
    #expect(throws: LedgerError.self) { try ledger.append(event("protect", phase: .intent)) }
    #expect(throws: LedgerError.self) { try ledger.append(event("unprotect")) }
    #expect(ledger.dropped == 4)

    try ledger.append(intent("first"))
    #expect(ledger.dropped == 0)
    let last = try ledger.records(since: ledger.nextSequence - 1, limit: 1)
    #expect(last.first?["dropped"] == 4)
    try ledger.append(result("first"))
    try ledger.append(event("protect", phase: .result))
    try ledger.append(event("protect"))

    // Records as long as they get.
    let text = JSON.string(String(repeating: "x", count: 3500))
    func long(_ event: LedgerEvent) -> LedgerEvent {
      var event = event
      event.details = [JSON.Member(name: "long", value: text)]
      return event
    }
    for number in 1...999 {
      try ledger.append(long(intent("t\(number)")))
      try ledger.append(long(result("t\(number)")))
    }
    #expect(throws: LedgerError.self) { try ledger.append(event("protect", phase: .result)) }

    // What comes after the reserve is used up is refused.
    let exhausted = #expect(throws: LedgerError.self) {
      for number in 1000...5000 { try ledger.append(long(intent("t\(number)"))) }
    }
    #expect(exhausted?.kind == .noSpace)
    #expect(disk.bytes.last == UInt8(ascii: "\n"))

    // Space comes back: so does the reserve.
    disk.capacity = .max
    try ledger.append(event(boottime: 3_600_000_000))
    #expect(ledger.reserveAvailable)
  }

  @Test func theReserveSurvivesAStartOnAFullDisk() throws {
    let disk = FakeDisk()
    let ledger = try open(disk)
    try ledger.append(event())
    disk.capacity = disk.reserved
    try ledger.append(intent("a"))

    let again = try open(disk)
    try again.append(intent("b"))
    for _ in 0..<5000 { _ = try? again.append(event()) }
    #expect(disk.reserved - Int64(disk.bytes.count) >= 1000 * 2 * 4096)
  }

  /// Of little space no more than half is taken, and what is free can still be written to.
  @Test func aSmallDiskIsNotFilledUp() throws {
    let disk = FakeDisk()
    disk.capacity = 4 << 20
    let ledger = try open(disk)
    #expect(!ledger.reserveAvailable)
    #expect(disk.reserved == 2 << 20)
    for _ in 0..<1000 { try ledger.append(event()) }
  }

  @Test func withoutAReserveNothingExtraIsWritten() throws {
    let disk = FakeDisk()
    disk.canReserve = false
    let ledger = try open(disk)
    #expect(!ledger.reserveAvailable)
    #expect(disk.bytes == [])
    for number in 1...100 { try ledger.append(intent("t\(number)")) }
    #expect(try open(disk).spent.count == 100)
  }
}
