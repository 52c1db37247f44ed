import Glibc
import Testing

@testable import Linux

@Suite struct JournalTests {
  @Test func writesFieldsInTheJournalsProtocol() {
    let entry = Journal.entry(
      message: "two\nlines", priority: 99, messageID: "0123456789abcdef0123456789abcdef",
      fields: [("UNIT", "a.service"), ("lower", "left out"), ("_TRUSTED", "left out"), ("", "x")])
    #expect(
      entry == Array("MESSAGE\n".utf8) + [9, 0, 0, 0, 0, 0, 0, 0]
        + Array(
          """
          two
          lines
          PRIORITY=7
          MESSAGE_ID=0123456789abcdef0123456789abcdef
          UNIT=a.service

          """.utf8))
  }

  @Test func isSentAndNeverWaits() throws {
    let directory = try TemporaryDirectory()
    #expect(!Journal.send([1], to: directory("none")))
    let journal = FileDescriptor(adopting: socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0))
    try UnixSocket.withAddress(directory("socket"), "bind") { bind(journal.raw, $0, $1) }
    #expect(Journal.send([1, 2, 3], to: directory("socket")))
    #expect(try journal.read(upTo: 10) == [1, 2, 3])
    // Nobody reads now: the queue fills up, and the rest is lost at once.
    let start = Clock.monotonicMicroseconds()
    let sent = (0..<10_000).count { _ in Journal.send([1], to: directory("socket")) }
    #expect(sent < 10_000)
    #expect(Clock.monotonicMicroseconds() - start < 5_000_000)
  }

  @Test func passesLongEntriesAsAFile() throws {
    let directory = try TemporaryDirectory()
    let journal = FileDescriptor(adopting: socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0))
    try UnixSocket.withAddress(directory("socket"), "bind") { bind(journal.raw, $0, $1) }
    #expect(Journal.send([UInt8](repeating: 65, count: 4 << 20), to: directory("socket")))
    #expect(try journal.read(upTo: 10) == [])
  }
}

@Suite struct ServiceManagerTests {
  @Test(.enabled(if: getenv("NOTIFY_SOCKET") == nil, "not in a unit")) func isNotThere() throws {
    #expect(try !ServiceManager.notify("READY=1"))
    #expect(ServiceManager.watchdogMicroseconds() == nil)
    #expect(try ServiceManager.listenDescriptors().isEmpty)
  }
}
