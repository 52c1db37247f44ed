import AgentToken
import JSON
import Link
import LinkMessages
import Synchronization
import Testing

@Suite struct CourierTests {
  final class Scene: Sendable {
    let cluster = SimulatedCluster()
    let host = SimulatedHost()
    let kept = Mutex<String?>(nil)
    let said = Mutex<[String]>([])

    /// Time passes a hundred times as fast.
    func courier() -> Courier {
      Courier(
        wire: cluster, host: host, cluster: "lab",
        bundles: BundleShelf(
          keep: { jws in self.kept.withLock { $0 = jws } }, kept: { self.kept.withLock { $0 } }),
        log: LinkLog { _, text in self.said.withLock { $0.append(text) } },
        pause: { try await Task.sleep(for: $0 / 100) }, jitter: { 0.5 })
    }

    func connect() async throws {
      let before = cluster.connections
      try await eventually("a connection") { self.cluster.connections > before }
    }

    func greet(next: Int64 = 1) {
      cluster.say(.hello(cluster: "lab", now: 1_763_726_400, next: next))
    }
  }

  private func withCourier(_ body: @Sendable (Scene) async throws -> Void) async throws {
    let scene = Scene()
    let courier = scene.courier()
    let running = Task { await courier.run() }
    do {
      try await eventually("a connection") { scene.cluster.connections == 1 }
      try await body(scene)
    } catch {
      running.cancel()
      throw error
    }
    running.cancel()
    await running.value
  }

  @Test func theLinkIsUpOnceTheClusterHasSaidHello() async throws {
    try await withCourier { scene in
      try await Task.sleep(for: .milliseconds(20))
      #expect(scene.host.presence.isEmpty)
      scene.greet()
      try await eventually { scene.host.presence == ["up lab"] }
    }
  }

  @Test func aConnectionThatIsLostIsDownAndComesBackUp() async throws {
    try await withCourier { scene in
      scene.greet()
      try await eventually { scene.host.presence == ["up lab"] }
      scene.cluster.hangUp()
      try await eventually { scene.host.presence == ["up lab", "down"] }
      try await eventually { scene.cluster.connections == 2 }
      scene.greet()
      try await eventually { scene.host.presence == ["up lab", "down", "up lab"] }
    }
  }

  @Test func aDaemonThatWasRestartedIsToldAgainOnTheSameConnection() async throws {
    try await withCourier { scene in
      scene.greet()
      try await eventually { scene.host.presence == ["up lab"] }
      scene.host.restart()
      try await eventually { scene.host.presence == ["up lab", "down", "up lab"] }
      #expect(scene.cluster.connections == 1)
    }
  }

  @Test func isDownOnceItIsStopped() async throws {
    let scene = Scene()
    let courier = scene.courier()
    let running = Task { await courier.run() }
    try await eventually { scene.cluster.connections == 1 }
    scene.greet()
    try await eventually { scene.host.presence == ["up lab"] }
    running.cancel()
    await running.value
    #expect(scene.host.presence == ["up lab", "down"])
  }

  @Test func anotherClusterIsNotTakenForOurs() async throws {
    try await withCourier { scene in
      scene.cluster.say(.hello(cluster: "other", now: 0, next: 1))
      try await eventually {
        scene.said.withLock { $0.contains { $0.contains("another cluster") } }
      }
      #expect(scene.host.presence.isEmpty)
    }
  }

  @Test func aServerThatIsBusyIsAskedAgainSoon() async throws {
    for (code, wait) in [(Refusal.Code.busy, 0), (.tooManyRequests, 0), (.wrongCluster, 32)] {
      let scene = Scene()
      scene.cluster.state.withLock { $0.refusal = Refusal(code, "No.") }
      let running = Task { await scene.courier().run() }
      try await eventually { scene.said.withLock { !$0.isEmpty } }
      let said = scene.said.withLock { $0.first }
      #expect(said == "No. The next attempt is in \(wait) s. [\(code.rawValue)]")
      running.cancel()
      await running.value
    }
  }

  @Test func waitsForADaemonThatIsNotThereYet() async throws {
    let scene = Scene()
    scene.host.refuse("link", Refusal(.hostUnreachable, "Not there."))
    let courier = scene.courier()
    let running = Task { await courier.run() }
    try await eventually { scene.host.asked.count >= 3 }
    #expect(scene.cluster.connections == 0)
    scene.host.refuse("link", nil)
    try await eventually { scene.cluster.connections == 1 }
    running.cancel()
    await running.value
  }

  // MARK: Down

  @Test func whatIsSignedIsHandedOverAsItIs() async throws {
    try await withCourier { scene in
      scene.greet()
      for type in ArtefactType.allCases {
        scene.cluster.say(.artefact(type, jws: "e30.\(type.verb).c2ln"))
        try await eventually { scene.host.asked.contains("\(type.verb) e30.\(type.verb).c2ln") }
      }
      #expect(scene.kept.withLock { $0 } == "e30.bundle.c2ln")
    }
  }

  @Test(arguments: ["a\\nunprotect x", "a b", "", "a\\u0000", "ä"])
  func whatIsNoneIsNotMadeALineOf(text: String) async throws {
    try await withCourier { scene in
      scene.greet()
      scene.cluster.say("{\"kind\":\"profile\",\"jws\":\"\(text)\"}")
      scene.cluster.say(.protect)
      try await eventually { scene.host.asked.contains("protect") }
      #expect(!scene.host.asked.contains { $0.hasPrefix("profile") || $0.contains("unprotect") })
    }
  }

  @Test func whatIsNotUnderstoodIsPassedOver() async throws {
    try await withCourier { scene in
      scene.cluster.say("no JSON")
      scene.cluster.say("{\"kind\":\"newer\"}")
      scene.greet()
      scene.cluster.say(.ping)
      scene.cluster.say(.protect)
      try await eventually { scene.host.asked.contains("protect") }
      #expect(scene.cluster.connections == 1)
    }
  }

  @Test func aRefusedArtefactIsLoggedAndNotHandedOverAgain() async throws {
    try await withCourier { scene in
      scene.host.refuse("profile", Refusal(.unknownKey, "No such key."))
      scene.greet()
      scene.cluster.say(.artefact(.profile, jws: "a.b.c"))
      scene.cluster.say(.protect)
      try await eventually { scene.host.asked.contains("protect") }
      scene.cluster.say(.artefact(.profile, jws: "a.b.c"))
      scene.cluster.say(.artefact(.profile, jws: "d.e.f"))
      try await eventually { scene.host.asked.contains("profile d.e.f") }
      #expect(scene.host.asked.count { $0 == "profile a.b.c" } == 1)
      // Once something else was taken, it may be another matter.
      scene.cluster.say(.artefact(.bundle, jws: "g.h.i"))
      scene.cluster.say(.artefact(.profile, jws: "d.e.f"))
      try await eventually { scene.host.asked.count { $0 == "profile d.e.f" } == 2 }
      #expect(scene.said.withLock { $0.contains { $0.contains("unknown_key") } })
    }
  }

  @Test func aClusterThatLostABundleGetsIt() async throws {
    try await withCourier { scene in
      scene.kept.withLock { $0 = "n.e.w" }
      scene.host.refuse("bundle", Refusal(.bundleOlder, "Older."))
      scene.greet()
      scene.cluster.say(.artefact(.bundle, jws: "o.l.d"))
      try await eventually { scene.cluster.posts(LinkPath.bundle) == ["{\"jws\":\"n.e.w\"}"] }
    }
  }

  @Test func comesBackAfterABye() async throws {
    try await withCourier { scene in
      scene.greet()
      try await eventually { scene.host.presence == ["up lab"] }
      scene.cluster.say(.bye(reason: "restart", after: 0))
      try await eventually { scene.host.presence == ["up lab", "down"] }
      try await eventually { scene.cluster.connections == 2 }
    }
  }

  // MARK: Up

  @Test func reportsAtOnceAndWhenTheStateChanges() async throws {
    try await withCourier { scene in
      scene.greet()
      try await eventually { scene.cluster.reports.count >= 1 }
      let first = try #require(scene.cluster.reports.first)
      #expect(first.machine == "0123456789abcdef")
      #expect(first.hostname == "here")
      #expect(first.status["state"]?.string == "protected")
      #expect(first.doctor != nil)
      #expect(first.checkpoint == "a note")
      #expect(first.nonce == "nonce-1")
      #expect(first.next == 1)
      #expect(scene.cluster.state.withLock { $0.machines } == ["0123456789abcdef"])
      let before = scene.cluster.reports.count
      scene.host.change()
      try await eventually { scene.cluster.reports.count > before }
      let last = try #require(scene.cluster.reports.last)
      // What the cluster has is not sent again, and a nonce is good for once.
      #expect(last.doctor == nil)
      #expect(last.nonce == nil)
    }
  }

  @Test func aReportThatFailsIsTriedAgain() async throws {
    try await withCourier { scene in
      scene.cluster.answer(LinkPath.report, .failure(Refusal(.clusterUnreachable, "No.")))
      scene.greet()
      try await eventually { scene.cluster.reports.count >= 2 }
      #expect(scene.cluster.reports.allSatisfy { $0.nonce == "nonce-1" })
    }
  }

  @Test func aConnectionOnWhichNothingCanBePostedAnyMoreIsLost() async throws {
    try await withCourier { scene in
      scene.greet()
      try await eventually { scene.cluster.reports.count >= 1 }
      scene.cluster.answer(LinkPath.report, .failure(Refusal(.clusterUnreachable, "No.")))
      scene.host.change()
      try await eventually { scene.host.presence == ["up lab", "down"] }
      try await eventually { scene.cluster.connections == 2 }
    }
  }

  @Test func aPostThatTheClusterRefusesLosesNoConnection() async throws {
    try await withCourier { scene in
      scene.greet()
      try await eventually { scene.cluster.reports.count >= 1 }
      scene.cluster.answer(LinkPath.report, .failure(Refusal(.busy, "No.")))
      let before = scene.cluster.reports.count
      scene.host.change()
      try await eventually { scene.cluster.reports.count >= before + 2 }
      #expect(scene.host.presence == ["up lab"])
    }
  }

  @Test func recordsGoUpInTheirOrderAsTheyAre() async throws {
    try await withCourier { scene in
      scene.host.record(7)
      scene.greet(next: 3)
      try await eventually { scene.host.asked.contains("ack 8") }
      let sent = scene.cluster.posts(LinkPath.ledger).joined()
      #expect(
        sent == (3...7).map { "{\"seq\":\($0), \"event\":\"x\"}\n" }.joined())
      #expect(
        scene.host.asked.filter { $0.hasPrefix("ack") } == ["ack 3", "ack 5", "ack 7", "ack 8"])
      scene.host.record(1)
      try await eventually { scene.host.asked.contains("ack 9") }
    }
  }

  @Test(arguments: [
    Result<JSON, Refusal>.failure(Refusal(.clusterUnreachable, "No.")),
    .success(["acknowledged": 100]), .success(["acknowledged": -1]), .success([:]),
  ])
  func recordsThatAreNotAcknowledgedAreSentAgain(answer: Result<JSON, Refusal>) async throws {
    try await withCourier { scene in
      scene.host.record(2)
      scene.cluster.answer(LinkPath.ledger, answer)
      scene.greet()
      try await eventually { scene.cluster.posts(LinkPath.ledger).count >= 2 }
      #expect(scene.host.asked.filter { $0.hasPrefix("ack") } == ["ack 1"])
      scene.cluster.answer(LinkPath.ledger, nil)
      try await eventually { scene.host.asked.contains("ack 3") }
      let posts = scene.cluster.posts(LinkPath.ledger)
      #expect(posts.allSatisfy { $0 == posts[0] })
    }
  }

  @Test func aClusterThatWasSetBackIsGivenWhatItLost() async throws {
    try await withCourier { scene in
      scene.host.record(4)
      scene.greet(next: 5)
      try await eventually { scene.host.asked.contains("ack 5") }
      scene.cluster.hangUp()
      try await eventually { scene.cluster.connections == 2 }
      scene.greet(next: 2)
      try await eventually { scene.host.asked.suffix(20).contains("ack 2") }
      try await eventually {
        scene.cluster.posts(LinkPath.ledger).joined()
          == (2...4).map { "{\"seq\":\($0), \"event\":\"x\"}\n" }.joined()
      }
    }
  }
}
