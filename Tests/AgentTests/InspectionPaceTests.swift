import Agent
import Testing

@Suite struct InspectionPaceTests {
  @Test func theFirstIsAtOnceAndTheNextAfterABreath() {
    var pace = InspectionPace()
    #expect(pace.wait(now: 5) == 0)
    pace.inspected(now: 100, mended: true)
    #expect(pace.wait(now: 100) == InspectionPace.breath)
    #expect(pace.wait(now: 100 + InspectionPace.breath) == 0)
  }

  @Test func aFightIsAnsweredWithinASecondAndThenForgotten() {
    var pace = InspectionPace()
    for round in 0..<InspectionPace.fight {
      pace.inspected(now: UInt64(round) * 20_000, mended: true)
    }
    let now = UInt64(InspectionPace.fight) * 20_000
    #expect(pace.wait(now: now) > InspectionPace.breath)
    #expect(pace.wait(now: now) < 1_000_000)
    let later = now + InspectionPace.memory + 1
    pace.inspected(now: later, mended: false)
    #expect(pace.wait(now: later) == InspectionPace.breath)
  }
}
