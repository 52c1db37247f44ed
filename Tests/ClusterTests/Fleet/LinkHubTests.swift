import AgentToken
import LinkMessages
import Testing

@testable import Cluster

/// Who is connected, and what waits for them.
@Suite("Links")
struct LinkHubTests {
  private func messages(_ link: AgentLink) async -> [Downward]? {
    await link.next()?.split(separator: UInt8(ascii: "\n")).compactMap { Downward(line: Array($0)) }
  }

  private let hello = Downward.hello(cluster: "eu-prod", now: 1, next: 1)

  @Test func theHelloIsFirstWhateverComesMeanwhile() async {
    let hub = LinkHub()
    let link = hub.attach("a")
    #expect(hub.push(.protect, to: ["a", "b"]) == ["a"])
    link.open([hello, .report], next: 1)
    #expect(await messages(link) == [hello, .report, .protect])
    #expect(hub.push(.ping) == ["a"])
    #expect(await messages(link) == [.ping])
  }

  @Test func whoWaitsIsHandedWhatComes() async {
    let hub = LinkHub()
    let link = hub.attach("a")
    link.open([hello], next: 1)
    #expect(await messages(link) == [hello])
    async let next = messages(link)
    hub.push(.protect)
    #expect(await next == [.protect])
  }

  @Test func aNewcomerTakesThePlace() async {
    let hub = LinkHub()
    let old = hub.attach("a")
    old.open([hello], next: 1)
    let new = hub.attach("a")
    new.open([hello], next: 1)
    #expect(hub.count == 1)
    #expect(await messages(old) == [hello, .bye(reason: "replaced", after: 60)])
    #expect(await messages(old) == nil)
    // The old one's end is not the new one's.
    hub.detach(old, at: 5)
    #expect(hub.isConnected("a"))
    hub.detach(new, at: 6)
    #expect(!hub.isConnected("a"))
    #expect(hub.takeSeen(at: 9) == ["a": 6])
    #expect(hub.takeSeen(at: 9) == [:])
  }

  @Test func whoDoesNotReadIsDropped() async {
    let hub = LinkHub()
    let slow = hub.attach("slow")
    let fast = hub.attach("fast")
    for link in [slow, fast] { link.open([hello], next: 1) }
    #expect(await messages(fast) == [hello])
    hub.beat()
    #expect(await messages(fast) == [.ping])
    #expect(hub.count == 2)
    hub.beat()
    #expect(hub.connected == ["fast"])
    #expect(await messages(slow) == nil)
  }

  @Test func nothingWaitsWithoutBound() {
    let hub = LinkHub()
    let link = hub.attach("a")
    link.open([hello], next: 1)
    let large = Downward.artefact(.bundle, jws: String(repeating: "x", count: 300 << 10))
    #expect(hub.push(large) == ["a"])
    #expect(hub.push(large) == ["a"])
    #expect(hub.push(large) == ["a"])
    #expect(hub.push(large) == [])
    #expect(!hub.isConnected("a"))
  }

  @Test func aReaderThatGivesUpEndsIt() async {
    let hub = LinkHub()
    let link = hub.attach("a")
    link.open([hello], next: 1)
    #expect(await messages(link) == [hello])
    let reader = Task { await link.next() }
    reader.cancel()
    #expect(await reader.value == nil)
    #expect(await link.next() == nil)
    #expect(hub.push(.ping) == [])
  }

  @Test func allAreSaidGoodbye() async {
    let hub = LinkHub()
    let links = (0..<3).map { hub.attach("a\($0)") }
    for link in links { link.open([hello], next: 1) }
    hub.closeAll(reason: "stopping", after: 5, at: 7)
    #expect(hub.count == 0)
    for link in links {
      #expect(await messages(link) == [hello, .bye(reason: "stopping", after: 5)])
      #expect(await link.next() == nil)
    }
    #expect(hub.takeSeen(at: 9) == ["a0": 7, "a1": 7, "a2": 7])
  }

  @Test func turnsAreTakenOneAfterTheOther() async throws {
    let turns = Turns()
    let inside = Counter()
    try await withThrowingTaskGroup(of: Void.self) { group in
      for _ in 0..<100 {
        group.addTask {
          try await turns.take {
            await inside.enter()
            await Task.yield()
            await inside.leave()
          }
        }
      }
      try await group.waitForAll()
    }
    #expect(await inside.most == 1)
  }

  private actor Counter {
    private var count = 0
    var most = 0
    func enter() {
      count += 1
      most = max(most, count)
    }
    func leave() { count -= 1 }
  }
}
