import Issuing
import Testing

@Suite struct TimeTests {
  @Test(
    arguments: [
      ("0", 0), ("90", 90), ("90s", 90), ("30m", 1800), ("1h", 3600), ("1h30m", 5400),
      ("1h 30min", 5400), ("7d", 604_800), ("2min 5sec", 125),
    ] as [(String, Int64)])
  func aSpanIsRead(text: String, seconds: Int64) {
    #expect(TimeSpan.seconds(text) == seconds)
  }

  @Test(arguments: [
    "", " ", "m", "-1", "1.5h", "1w", "1 h", "1h-", "٣m", "999999999999999999999s", "1M", "+5m",
    "100001d",
  ])
  func whatIsNoSpanIsNone(text: String) {
    #expect(TimeSpan.seconds(text) == nil)
  }

  @Test func aSpanIsShownExactly() {
    #expect(TimeSpan.text(1) == "1 second")
    #expect(TimeSpan.text(90) == "1 minute 30 seconds")
    #expect(TimeSpan.text(1800) == "30 minutes")
    #expect(TimeSpan.text(90_000) == "1 day 1 hour")
    #expect(TimeSpan.text(0) == "0 seconds")
  }

  @Test(
    arguments: [
      ("2027-06-30T18:00:00Z", 1_814_378_400), ("2027-06-30T18:00:00+02:00", 1_814_371_200),
      ("2027-06-30 18:00:00-00:30", 1_814_380_200), ("@1814378400", 1_814_378_400),
      ("365d", 1_000 + 31_536_000), ("1970-01-01T00:00:00Z", 0),
      ("2024-02-29T00:00:00Z", 1_709_164_800), ("9999-12-31T23:59:59Z", 253_402_300_799),
      // Local time here is two hours ahead.
      ("2027-06-30", 1_814_306_400), ("2027-06-30 18:00", 1_814_371_200),
      ("2027-06-30T18:00:30", 1_814_371_230),
    ] as [(String, Int64)])
  func aMomentIsRead(text: String, seconds: Int64) {
    #expect(CivilTime.moment(text, now: 1_000) { $0.utc - 7200 } == seconds)
  }

  @Test(arguments: [
    "", "tomorrow", "2027-13-01", "2027-02-29", "2027-06-31", "27-06-30", "2027-6-30",
    "2027-06-30T", "2027-06-30T24:00", "2027-06-30T18:00X", "2027-06-30T18:00Z0", "@", "@-1",
    "@99999999999999", "1814378400", "1969-12-31", "2027-06-30T18", "@1e9",
  ])
  func whatIsNoMomentIsNone(text: String) {
    #expect(CivilTime.moment(text, now: 1_000) { $0.utc } == nil)
  }
}
