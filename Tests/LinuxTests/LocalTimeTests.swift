import Linux
import Testing

/// The zone is that of the machine, so what holds in every zone is tested.
@Suite struct LocalTimeTests {
  @Test(arguments: [0, 1_760_000_000, 1_764_000_000, 4_102_444_800] as [Int64])
  func goesThereAndBack(seconds: Int64) throws {
    // Not within an hour of a change to winter time, which there is twice.
    #expect(try #require(LocalTime(seconds)).seconds == seconds)
  }

  @Test func isWrittenWithTwoDigits() {
    let time = LocalTime(year: 2026, month: 1, day: 2, hour: 3, minute: 4, second: 5)
    #expect(time.date == "2026-01-02")
    #expect(time.hourAndMinute == "03:04")
    #expect(time.time == "03:04:05")
  }

  @Test func aDayBeyondItsMonthCountsOn() throws {
    let time = LocalTime(year: 2026, month: 3, day: 0, hour: 12)
    let seconds = try #require(time.seconds)
    #expect(LocalTime(seconds)?.date == "2026-02-28")
  }

  @Test func tellsDaysApart() {
    let noon = LocalTime(year: 2026, month: 6, day: 1, hour: 12)
    #expect(noon.isSameDay(as: LocalTime(year: 2026, month: 6, day: 1)))
    #expect(!noon.isSameDay(as: LocalTime(year: 2026, month: 6, day: 2, hour: 12)))
    #expect(!noon.isSameDay(as: LocalTime(year: 2025, month: 6, day: 1, hour: 12)))
  }

  @Test func aYearBeyondReachIsNone() {
    #expect(LocalTime(.max) == nil)
    #expect(!LocalTime.zone(at: 0).isEmpty)
  }
}
