import AgentToken
import Cluster
import Issuing
import JSON
import LinkMessages
import Linux
import Testing

/// Profiles: who has which, and how agents come to them.
@Suite("Profiles")
struct ProfileTests {
  private static let strict: JSON = ["Protection": ["MaxWindowSec": "10min"]]
  private static let off: JSON = ["Protection": ["Enabled": "no"]]

  private func make(
    _ world: FleetWorld, _ name: String = "strict", _ settings: JSON = strict,
    tenant: String? = nil
  ) async throws -> Profile {
    try await world.plane.createProfile(
      world.caller(), ProfileDraft(name: name, tenant: tenant, settings: settings))
  }

  private func assign(
    _ world: FleetWorld, _ profile: Profile, _ label: String? = nil, tenant: String = "retail"
  ) async throws {
    try await world.plane.assign(
      world.caller(),
      ProfileAssignment(profile: profile.id, tenant: tenant, label: label))
  }

  /// What reports say before and after taking what waits.
  private func settle(_ host: FleetHost, _ link: AgentLink) async throws {
    try await host.take(link)
    try await host.say()
  }

  @Test func anAgentGetsItsProfileOnce() async throws {
    let world = try await FleetWorld()
    let host = try await world.host()
    let link = try await host.connect()
    try await host.take(link)
    let profile = try await make(world)
    // Until it has said who it is, nothing can be signed for it.
    try await assign(world, profile)
    try await host.say()
    try await settle(host, link)
    #expect(host.profile?.settings == Self.strict)
    #expect(host.profile?.signer.loosens == true)
    #expect(host.profileVersion == 1)
    #expect(host.told == ["hello", "profile"])
    let sent = try await host.record().profile
    #expect(sent.version == 1)
    #expect(sent.source == "\(profile.id):1")
    try await host.say()
    // A connection of its own, and nothing new.
    try await host.take(try await host.connect())
    #expect(host.told == ["hello", "profile", "hello"])
  }

  @Test func aChangeReachesWhoIsConnected() async throws {
    let world = try await FleetWorld()
    let host = try await world.host()
    let away = try await world.host("away")
    try await host.say()
    try await away.say()
    let profile = try await make(world)
    let link = try await host.connect()
    try await host.take(link)
    try await assign(world, profile)
    try await settle(host, link)
    let changed = try await world.plane.changeProfile(
      world.caller(), profile.id, settings: Self.off, following: 1)
    #expect(changed.version == 2)
    try await settle(host, link)
    #expect(host.profile?.settings == Self.off)
    #expect(host.profileVersion == 2)
    #expect(try await host.record().profile.source == "\(profile.id):2")
    // Words that are the same are not signed again.
    _ = try await world.plane.changeProfile(
      world.caller(), profile.id, settings: Self.off, name: "renamed")
    #expect(try await host.record().profile.version == 2)
    // Who was away gets it on coming back.
    try await away.take(try await away.connect())
    #expect(away.profile?.settings == Self.off)
    #expect(away.profileVersion == 1)
    #expect(
      try await world.plane.versions(world.caller(), profile.id, PageRequest()).items
        .map(\.version) == [3, 2, 1])
  }

  @Test func theNarrowerOneCounts() async throws {
    let world = try await FleetWorld()
    let host = try await world.host(labels: ["stage": "test", "role": "db"])
    let plain = try await world.host("plain")
    func effective(_ host: FleetHost) async throws -> String? {
      try await world.plane.effectiveProfile(of: host.record())?.name
    }
    #expect(try await effective(host) == nil)
    try await assign(world, make(world, "all"))
    #expect(try await effective(host) == "all")
    try await assign(world, make(world, "test"), "stage=test")
    try await assign(world, make(world, "other"), "stage=live")
    #expect(try await effective(host) == "test")
    #expect(try await effective(plain) == "all")
    try await assign(world, make(world, "db"), "role=db")
    #expect(try await effective(host) == "db")
    let own = try await make(world, "own")
    _ = try await world.plane.applyProfile(world.caller(), agent: host.id, profile: own.id)
    #expect(try await effective(host) == "own")
    _ = try await world.plane.applyProfile(world.caller(), agent: host.id, profile: nil)
    _ = try await world.plane.setLabels(world.caller(), agent: host.id, ["stage": "test"])
    #expect(try await effective(host) == "test")
    let elsewhere = try await world.host("elsewhere", tenant: "bank")
    #expect(try await effective(elsewhere) == nil)
  }

  @Test func labelsMoveAnAgentAtOnce() async throws {
    let world = try await FleetWorld()
    let host = try await world.host()
    try await host.say()
    let link = try await host.connect()
    try await host.take(link)
    try await assign(world, make(world), "stage=test")
    _ = try await world.plane.setLabels(world.caller(), agent: host.id, ["stage": "test"])
    try await settle(host, link)
    #expect(host.profile?.settings == Self.strict)
    // Taken back, its own settings hold again.
    _ = try await world.plane.setLabels(world.caller(), agent: host.id, [:])
    try await settle(host, link)
    #expect(host.profile?.settings == .object([]))
    #expect(host.profileVersion == 2)
  }

  @Test func whatNobodyHereSignedIsNotTakenBack() async throws {
    let world = try await FleetWorld()
    let host = try await world.host()
    host.profileVersion = 5
    try await host.say()
    let link = try await host.connect()
    try await host.take(link)
    try await host.say()
    #expect(host.told == ["hello"])
    #expect(try await host.record().profile.version == 0)
  }

  /// As after the restore of a backup.
  @Test func versionsGoAboveWhatAgentsHave() async throws {
    let world = try await FleetWorld()
    let host = try await world.host()
    try await host.say()
    let link = try await host.connect()
    try await host.take(link)
    try await assign(world, make(world))
    try await settle(host, link)
    host.profileVersion = 9
    host.profile = nil
    try await host.say()
    try await settle(host, link)
    #expect(host.profileVersion == 10)
    #expect(host.profile?.settings == Self.strict)
    #expect(try await host.record().profile.version == 10)
  }

  /// An administrator is faster than the agents, whose next version the backup does not know of.
  @Test func versionsGoAboveWhatAgentsMayHave() async throws {
    let world = try await FleetWorld()
    let host = try await world.host()
    try await host.say()
    let link = try await host.connect()
    try await host.take(link)
    let profile = try await make(world)
    try await assign(world, profile)
    try await settle(host, link)
    host.profileVersion = 2
    host.profile = nil
    try Issuer.noteReturn(of: world.issuer.directory, at: FleetWorld.noon)
    let settings: JSON = ["Protection": ["MaxWindowSec": "5min"]]
    _ = try await world.plane.changeProfile(
      world.caller(), profile.id, settings: settings, name: nil, following: nil)
    try await settle(host, link)
    #expect(host.profile?.settings == settings)
    #expect(host.profileVersion == FleetWorld.noon + 1)
  }

  @Test func whatWasLostOnTheWayIsSentAgainAndNotForEver() async throws {
    let world = try await FleetWorld()
    let host = try await world.host()
    try await host.say()
    try await assign(world, make(world))
    let first = try await host.connect()
    #expect(try await host.record().profile.version == 1)
    // It is about to take it, says a report that was on its way.
    try await host.say()
    #expect(try await host.record().profile.version == 1)
    world.plane.disconnect(first)
    let second = try await host.connect()
    try await host.say()
    #expect(try await host.record().profile.version == 2)
    // One that it does not take is not sent again and again.
    for _ in 0..<3 { try await host.say() }
    #expect(try await host.record().profile.version == 2)
    try await host.take(second)
    #expect(host.profileVersion == 2)
  }

  @Test func manyAreSignedForAtOnce() async throws {
    let world = try await FleetWorld()
    var hosts: [(FleetHost, AgentLink)] = []
    for number in 0..<60 {
      let host = try await world.host("web-\(number)")
      try await host.say()
      let link = try await host.connect()
      try await host.take(link)
      hosts.append((host, link))
    }
    try await assign(world, make(world))
    for (host, link) in hosts {
      try await host.take(link)
      #expect(host.profile?.settings == Self.strict)
      #expect(try await host.record().profile.version == 1)
    }
    #expect(world.plane.hub.takeTroubles() == [])
  }

  // MARK: What is refused

  @Test func settingsAreThoseOfAHost() async throws {
    let world = try await FleetWorld()
    let wrong: [JSON] = [
      "x", ["Nonsense": [:]], ["Protection": ["MaxWindowSec": "never"]],
      ["Service": ["Unit": "a.service"]], ["Protection": ["Enabled": "maybe"]],
    ]
    for settings in wrong {
      #expect(await refused { _ = try await make(world, "x", settings) }?.code == .invalid)
    }
    for name in ["", "a\u{202E}b", String(repeating: "x", count: 65)] {
      #expect(await refused { _ = try await make(world, name) }?.code == .invalid)
    }
    #expect(try await world.plane.profiles(world.caller(), PageRequest()).items.isEmpty)
    let profile = try await make(world)
    #expect(await refused { _ = try await make(world) }?.code == .conflict)
    #expect(
      await refused {
        _ = try await world.plane.changeProfile(
          world.caller(), profile.id, settings: Self.off, following: 7)
      }?.code == .conflict)
    #expect(await refused { try await assign(world, profile, "no label") }?.code == .invalid)
    #expect(
      await refused { try await assign(world, profile, tenant: "nowhere") }?.code == .notFound)
    try await assign(world, profile)
    #expect(
      await refused {
        try await world.plane.deleteProfile(world.caller(), profile.id)
      }?.code == .conflict)
    try await world.plane.unassign(
      world.caller(), ProfileAssignment(profile: profile.id, tenant: "retail", label: nil))
    try await world.plane.deleteProfile(world.caller(), profile.id)
  }

  @Test func aTenantsProfileIsForItAlone() async throws {
    let world = try await FleetWorld()
    let profile = try await make(world, "banking", tenant: "bank")
    #expect(await refused { try await assign(world, profile) }?.code == .invalid)
    let host = try await world.host()
    #expect(
      await refused {
        _ = try await world.plane.applyProfile(
          world.caller(), agent: host.id, profile: profile.id)
      }?.code == .invalid)
    let owner = world.caller(.tenantOwner, tenants: ["retail"])
    #expect(
      await refused { _ = try await world.plane.profile(owner, profile.id) }?.code == .notFound)
    #expect(try await world.plane.profiles(owner, PageRequest()).items.isEmpty)
  }

  @Test func onlyWhoMayChangesThem() async throws {
    let world = try await FleetWorld()
    let profile = try await make(world)
    let host = try await world.host()
    for role in AccessRole.allCases where role != .siteAdministrator {
      let caller = world.caller(role, tenants: ["retail"])
      let assignment = ProfileAssignment(profile: profile.id, tenant: "retail", label: nil)
      let tries: [() async throws -> Void] = [
        {
          _ = try await world.plane.createProfile(
            caller, ProfileDraft(name: "x", settings: Self.off))
        },
        {
          _ = try await world.plane.changeProfile(caller, profile.id, settings: Self.off)
        },
        { try await world.plane.deleteProfile(caller, profile.id) },
        { try await world.plane.assign(caller, assignment) },
        { try await world.plane.unassign(caller, assignment) },
        {
          _ = try await world.plane.applyProfile(caller, agent: host.id, profile: profile.id)
        },
      ]
      for one in tries { #expect(await refused(one)?.code == .forbidden) }
    }
    #expect(try await world.plane.profile(world.caller(), profile.id).version == 1)
  }

  @Test func whoMadeARegistrationTokenMayApplyItsProfile() async throws {
    let world = try await FleetWorld()
    let profile = try await make(world)
    let other = try await make(world, "other")
    try await world.store.create(
      [
        RegistrationToken(
          id: "r-9", tenant: "retail", description: "", profile: profile.id,
          allowsHighAssurance: true, managesProfile: true, uses: 1, usesLeft: 1,
          createdAt: FleetWorld.noon, expires: nil, createdBy: "a-7", creator: "x", hint: "xx",
          secretHash: "00", sealedSecret: [])
      ], audit: [])
    let host = try await world.host(owner: "a-7", registrationToken: "r-9")
    let stranger = try await world.host("stranger", owner: "a-7", registrationToken: "r-0")
    let installer = world.caller(.agentInstaller, tenants: ["retail"], id: "a-7")
    func apply(_ id: String?, to host: FleetHost) async -> Refusal.Code? {
      await refused {
        _ = try await world.plane.applyProfile(installer, agent: host.id, profile: id)
      }?.code
    }
    #expect(await apply(profile.id, to: host) == nil)
    #expect(try await host.record().ownProfile == profile.id)
    #expect(await apply(nil, to: host) == nil)
    #expect(await apply(other.id, to: host) == .forbidden)
    #expect(await apply(profile.id, to: stranger) == .forbidden)
    // Nor with a role that makes no such tokens.
    for role in [AccessRole.auditor, .customerSupport] {
      let since = world.caller(role, tenants: ["retail"], id: "a-7")
      let refusal = await refused {
        _ = try await world.plane.applyProfile(since, agent: host.id, profile: profile.id)
      }
      #expect(refusal?.code == .forbidden)
    }
    #expect(try await host.record().ownProfile == nil)
  }
}
