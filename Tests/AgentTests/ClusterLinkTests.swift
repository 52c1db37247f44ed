import Linux
import TestSupport
import Testing

@testable import Agent

/// What is kept of the link to the cluster, and how much of it goes on record.
@Suite struct ClusterLinkTests {
  @Test func outlivesTheDaemon() throws {
    try inDirectory { directory in
      var link = ClusterLink()
      link.acknowledge(40)
      link.down(at: 1_760_000_000)
      link.save(directory, now: 1_760_000_100)
      var next = ClusterLink()
      next.load(directory, next: 41)
      #expect(next.memory == .init(lastContact: 1_760_000_000, acknowledged: 40))
      #expect(!next.isUp && !next.hasBeenUp && next.since == nil, "every start begins with it down")
    }
  }

  @Test func nothingIsAcknowledgedThatIsNotThere() throws {
    try inDirectory { directory in
      var link = ClusterLink()
      link.acknowledge(42)
      link.save(directory, now: 0)
      for (next, acknowledged) in [(41, nil), (42, 42), (43, 42)] as [(Int64, Int64?)] {
        var read = ClusterLink()
        read.load(directory, next: next)
        #expect(read.memory.acknowledged == acknowledged)
      }
    }
  }

  @Test(arguments: ["", "{", "[]", #"{"last_contact":"x","acknowledged":-1}"#])
  func whatMakesNoSenseSaysNothing(text: String) throws {
    try inDirectory { directory in
      try Files.writeAtomically("\(directory)/contact.json", text)
      var link = ClusterLink()
      link.load(directory, next: 9)
      #expect(link.memory == .init())
    }
  }

  @Test func writesOnlyWhatIsNew() throws {
    try inDirectory { directory in
      var link = ClusterLink()
      link.save(directory, now: 5)
      #expect(!Files.exists("\(directory)/contact.json"))
      link.acknowledge(1)
      link.save(directory, now: 5)
      #expect(Files.exists("\(directory)/contact.json"))
    }
  }

  @Test func anotherClusterBeginsAnew() {
    var link = ClusterLink()
    link.acknowledge(3)
    link.down(at: 7)
    link.forget()
    #expect(link.memory == .init() && link.since == nil)
  }

  @Test func changesBeyondTheLimitAreCounted() {
    var records = LinkRecords()
    let start: UInt64 = 1_000_000_000
    func take(_ time: UInt64) -> Bool { records.take(at: time) }
    for number in 0..<UInt64(LinkRecords.perMinute) { #expect(take(start + number)) }
    for number in 0..<UInt64(1000) { #expect(!take(start + 100 + number)) }
    let (first, second) = (records.takePassedOver(), records.takePassedOver())
    #expect(first == 1000 && second == 0)
    #expect(!take(start + LinkRecords.minute - 1))
    #expect(take(start + LinkRecords.minute))
  }

  @Test func aMachineHasOneFingerprintAndItsCopyAnother() throws {
    let machine = try #require(MachineStore.fingerprint(id: "aa", hardware: "bb"))
    #expect(machine.utf8.count == 64)
    #expect(machine == MachineStore.fingerprint(id: "aa", hardware: "bb"))
    for (id, hardware) in [("aa", "cc"), ("cc", "bb"), ("aa", nil), (nil, "bb")]
      as [(
        String?, String?
      )]
    {
      #expect(MachineStore.fingerprint(id: id, hardware: hardware) != machine)
    }
    #expect(MachineStore.fingerprint(id: nil, hardware: nil) == nil)
  }

  private func inDirectory(_ body: (String) throws -> Void) throws {
    let directory = "/tmp/holdfast-link-\(Hex.encode(Random.bytes(8)))"
    try Files.makeDirectory(directory, mode: 0o700)
    defer { try? Files.removeTree(directory) }
    try body(directory)
  }
}
