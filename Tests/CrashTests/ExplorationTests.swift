import SimulatedDisk
import Testing

@testable import Agent

/// Breadth first through every state of the small world, with the daemon killed and the power cut
/// between any two writes of every act and of every start. What must hold is checked in each state.
///
/// All of it takes minutes: `make test` goes through the beginning, `make test-long` to the end.
@Suite struct ExplorationTests {
  @Test func everyStateKeepsItsPromises() throws {
    let keys = WorldKeys()
    var seen: Set<String> = []
    var seenEnds: Set<String> = []
    var faults: Set<String> = []
    var open: [SmallWorld] = []
    let most = CrashedHost.isThorough ? Int.max : 400
    var remains = [SmallWorld.Remains(disk: CrashedHost.enrolled, kept: nil)]

    /// Starts the daemon on all that was left somewhere, and on what is left where that is cut short.
    func start() throws {
      while faults.isEmpty, seenEnds.count < most, let next = remains.popLast() {
        guard seenEnds.insert(keys.key(of: next)).inserted else { continue }
        let agent = try SmallAgent(next, isWatched: true)
        faults.formUnion(agent.faults)
        remains += agent.ends
        if seen.insert(agent.key(keys)).inserted { open.append(SmallWorld(start: next, acts: [])) }
      }
    }

    try start()
    var next = 0
    while next < open.count, faults.isEmpty, seenEnds.count < most {
      let world = open[next]
      next += 1
      for act in SmallWorld.Act.allCases {
        let agent = try SmallAgent(world.start)
        for before in world.acts { agent.act(before, isWatched: false) }
        agent.act(act, isWatched: true)
        faults.formUnion(agent.faults.map { "\($0), after \(world.acts + [act])" })
        if seen.insert(agent.key(keys)).inserted {
          open.append(SmallWorld(start: world.start, acts: world.acts + [act]))
        }
        remains += agent.ends
        try start()
      }
    }
    print("\(seen.count) states, \(seenEnds.count) ways to be cut short")
    #expect(faults.isEmpty)
    #expect(seen.count > 10)
  }
}
