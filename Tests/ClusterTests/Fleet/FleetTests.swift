import AgentToken
import Cluster
import Issuing
import LinkMessages
import Linux
import Testing

/// Agents as people see them and what they do with them.
@Suite("Fleet")
struct FleetTests {
  @Test func whoSeesWhichAgents() async throws {
    let world = try await FleetWorld()
    for name in ["web-01", "web-02"] { _ = try await world.host(name) }
    _ = try await world.host("vault", tenant: "bank", owner: "a-2")
    func seen(_ caller: Caller) async throws -> [String] {
      try await world.plane.agents(caller).items.map(\.record.agent)
    }
    #expect(try await seen(world.caller()) == ["vault", "web-01", "web-02"])
    #expect(try await seen(world.caller(.auditor, tenants: ["bank"])) == ["vault"])
    let installer = world.caller(.agentInstaller, tenants: ["retail", "bank"], id: "a-2")
    #expect(try await seen(installer) == ["vault"])
    #expect(
      await refused { _ = try await world.plane.agent(installer, "retail-web-01") }?.code
        == .notFound)
    #expect(
      await refused {
        _ = try await world.plane.ledger(installer, agent: "retail-web-01")
      }?.code == .notFound)
  }

  @Test func whoIsConnected() async throws {
    let world = try await FleetWorld()
    let host = try await world.host("web-01")
    _ = try await world.host("web-02")
    let link = try await host.connect()
    func listed(_ isConnected: Bool?) async throws -> [String] {
      try await world.plane.agents(world.caller(), isConnected: isConnected).items
        .map { "\($0.record.agent) \($0.isConnected)" }
    }
    #expect(try await listed(nil) == ["web-01 true", "web-02 false"])
    #expect(try await listed(true) == ["web-01 true"])
    #expect(try await listed(false) == ["web-02 false"])
    world.plane.disconnect(link)
    #expect(try await listed(true) == [])
  }

  @Test func labelsHaveLimits() async throws {
    let world = try await FleetWorld()
    let host = try await world.host()
    func set(_ labels: [String: String]) async -> Refusal.Code? {
      await refused {
        _ = try await world.plane.setLabels(world.caller(), agent: host.id, labels)
      }?.code
    }
    #expect(await set(["stage": "live", "role/db": ""]) == nil)
    #expect(try await host.record().labels == ["stage": "live", "role/db": ""])
    #expect(await set(["": "x"]) == .invalid)
    #expect(await set(["a=b": "x"]) == .invalid)
    #expect(await set(["a": "x y"]) == .invalid)
    #expect(await set(["a": "\u{212A}"]) == .invalid)
    #expect(await set([String(repeating: "a", count: 64): "x"]) == .invalid)
    #expect(
      await set(Dictionary(uniqueKeysWithValues: (0..<33).map { ("n\($0)", "x") })) == .invalid)
    #expect(
      await refused {
        _ = try await world.plane.setLabels(world.caller(.auditor), agent: host.id, [:])
      }?.code == .forbidden)
    #expect(try await host.record().labels.count == 2)
  }

  @Test func protectingNow() async throws {
    let world = try await FleetWorld()
    let host = try await world.host("web-01")
    let away = try await world.host("web-02")
    let foreign = try await world.host("vault", tenant: "bank")
    let link = try await host.connect()
    try await host.take(link)
    let outcomes = try await world.plane.protectAgents(
      world.caller(.tenantOwner, tenants: ["retail"]), [host.id, away.id, foreign.id])
    #expect(outcomes.map(\.isConnected) == [true, false, nil])
    #expect(try await host.take(link) == [.protect])
    #expect(try await world.actions().prefix(2) == ["agent.protect", "agent.protect"])
    #expect(
      await refused {
        _ = try await world.plane.protectAgents(world.caller(.auditor), [host.id])
      }?.code == .forbidden)
    #expect(
      await refused { _ = try await world.plane.protectAgents(world.caller(), []) }?.code
        == .invalid)
  }

  @Test func whoIsGoneIsAnAlarmOnce() async throws {
    var settings = ClusterSettings()
    settings.agentGoneAfter = 3600
    let world = try await FleetWorld(settings: settings)
    let host = try await world.host("web-01")
    let link = try await host.connect()
    _ = try await world.host("never-heard-of")
    await world.plane.sweep()
    #expect(try await host.record().lastSeen == FleetWorld.noon)
    world.advance(7200)
    // It is still there.
    await world.plane.sweep()
    #expect(try await world.openAlarms() == [])
    world.plane.disconnect(link)
    await world.plane.sweep()
    world.advance(3601)
    // After a server that was away itself, or was restored, they are on their way.
    await world.plane.sweep(isJustStarted: true)
    #expect(try await world.openAlarms() == [])
    await world.plane.sweep()
    await world.plane.sweep()
    let alarm = try #require(try await world.openAlarms().first)
    #expect(alarm.kind == .agentGone)
    #expect(try await world.openAlarms().count == 1)
    let seen = try await world.plane.acknowledgeAlarm(world.caller(), alarm.id)
    #expect(seen.acknowledgedBy != nil)
    await world.plane.sweep()
    #expect(try await world.openAlarms() == [])
    #expect(world.plane.hub.takeTroubles() == [])
  }

  @Test func alarmsAreForThoseWhoseTheyAre() async throws {
    let world = try await FleetWorld()
    let host = try await world.host()
    try host.note("state", count: 2)
    _ = try await host.send(since: 2)
    _ = try await host.send(since: 2)
    let alarm = try #require(try await world.openAlarms().first)
    let other = world.caller(.tenantOwner, tenants: ["bank"])
    #expect(try await world.plane.alarms(other).items == [])
    #expect(
      await refused { _ = try await world.plane.alarm(other, alarm.id) }?.code == .notFound)
    let installer = world.caller(.agentInstaller, tenants: ["retail"], id: "a-2")
    #expect(
      await refused { _ = try await world.plane.alarm(installer, alarm.id) }?.code == .notFound)
    #expect(
      await refused {
        _ = try await world.plane.acknowledgeAlarm(world.caller(.auditor), alarm.id)
      }?.code == .forbidden)
    #expect(
      try await world.plane.alarms(world.caller(.tenantOwner, tenants: ["retail"])).items
        == [alarm])
  }
}
