import SimulatedDisk
import Testing

@testable import Agent

/// Breadth first through the states of the small world, with the daemon killed and the power cut
/// between any two writes of every act and of every start. What must hold is checked in each state.
///
/// The bound is how often it is cut short on the way to a state, and how many starts there are in
/// all: once and 400 in `make test`, twice and 10,000, which is minutes, in `make test-long`.
@Suite struct ExplorationTests {
  @Test func everyStateKeepsItsPromises() throws {
    let mostEnds = CrashedHost.isThorough ? 2 : 1
    let mostStarts = CrashedHost.isThorough ? 10_000 : 400
    let keys = WorldKeys()
    var seen: Set<String> = []
    var seenEnds: Set<String> = []
    var starts = 0
    var faults: Set<String> = []
    var open: [SmallWorld] = []
    var remains = [SmallWorld.Remains(disk: CrashedHost.enrolled, kept: nil)]

    func add(_ ends: [SmallWorld.Remains]) {
      remains += ends.filter {
        $0.trail.count <= mostEnds
          && seenEnds.insert(keys.key(of: $0) + $0.disk.pendingInWords).inserted
      }
    }

    while faults.isEmpty {
      // First all that was left somewhere, then one world further.
      if starts < remains.count, starts < mostStarts {
        let start = remains[starts]
        starts += 1
        let agent = try SmallAgent(start, isWatched: true)
        faults.formUnion(agent.faults)
        if seen.insert(agent.key(keys)).inserted { open.append(SmallWorld(start: start, acts: [])) }
        add(agent.ends)
      } else if let world = open.first, starts < mostStarts {
        open.removeFirst()
        for act in SmallWorld.Act.allCases {
          let agent = try SmallAgent(world.start)
          for before in world.acts { agent.act(before, isWatched: false) }
          agent.act(act, isWatched: true)
          faults.formUnion(agent.faults.map { "\($0), after \(world.acts + [act])" })
          if seen.insert(agent.key(keys)).inserted {
            open.append(SmallWorld(start: world.start, acts: world.acts + [act]))
          }
          add(agent.ends)
        }
      } else {
        break
      }
    }
    print(
      "\(starts) starts, \(seen.count) states; \(remains.count - starts) and \(open.count) not tried"
    )
    #expect(faults.isEmpty)
    #expect(seen.count > 10)
  }
}
