import Testing

@testable import ClusterServer

@Suite struct PacesTests {
  @Test func recordsCountByWhatTheyTake() {
    let small = Array(String(repeating: "{}\n", count: 256).utf8)
    #expect(Pace.ledger.cost(of: small) == 33)
    #expect(Pace.ledger.cost(of: [UInt8](repeating: 0, count: 1 << 20)) == 1025)
    #expect(Pace.report.cost(of: small) == 1)
    let paces = Paces(.init())
    let (burst, perMinute) = Pace.ledger.allowance(.init())
    #expect(paces.take(.ledger, "a", cost: burst, at: 0) == nil)
    #expect(paces.take(.ledger, "a", cost: perMinute, at: 0) == 60)
    // In a day that comes to this many MiB at most.
    #expect((burst + perMinute * 1440) >> 10 == 61)
  }
}
