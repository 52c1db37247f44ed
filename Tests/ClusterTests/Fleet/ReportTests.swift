import AgentToken
import Cluster
import Issuing
import JSON
import LinkMessages
import Linux
import Testing

/// What becomes of reports, and what agents are sent that lack something.
@Suite("Reports")
struct ReportTests {
  @Test func aReportIsKept() async throws {
    let world = try await FleetWorld()
    let host = try await world.host()
    try await host.say(host.report(doctor: ["verdict": "fine"]))
    var kept = try #require(try await host.record().report)
    #expect(kept.protection == "protected")
    #expect(kept.version == "1.2.3")
    #expect(kept.clock == "wall")
    #expect(kept.enrolment == "enrolment-1")
    #expect(kept.bundleSequence == host.bundle.sequence)
    #expect(kept.at == FleetWorld.noon)
    #expect(kept.doctor == #"{"verdict":"fine"}"#)
    // What it does not say again stays.
    host.state = "unprotected"
    try await host.say()
    kept = try #require(try await host.record().report)
    #expect(kept.protection == "unprotected")
    #expect(kept.doctor == #"{"verdict":"fine"}"#)
  }

  @Test func whatIsNoStatusChangesNothing() async throws {
    let world = try await FleetWorld()
    let host = try await world.host()
    var report = host.report()
    report.status = ["ok": true]
    #expect(await refused { try await host.say(report) }?.code == .invalid)
    report.status = ["state": "a b\u{1B}[31m"]
    #expect(await refused { try await host.say(report) }?.code == .invalid)
    report = host.report()
    report.machine = "another"
    #expect(await refused { try await host.say(report) }?.code == .conflict)
    #expect(try await host.record().report == nil)
  }

  @Test func whatIsOddInAStatusIsNotBelieved() async throws {
    let world = try await FleetWorld()
    let host = try await world.host()
    try await host.say(
      Report(
        machine: "machine-of-web-03", hostname: "x",
        status: [
          "state": "protected", "version": 7, "clock": "\u{202E}x", "enrolment": "a b",
          "bundle": ["seq": -1], "profile": ["version": "x"], "revocations": .integer(.max),
        ]))
    let kept = try #require(try await host.record().report)
    #expect(kept.version == "unknown")
    #expect(kept.clock == "unknown")
    #expect(kept.enrolment == nil)
    #expect(kept.bundleSequence == 0)
    #expect(kept.profileVersion == 0)
    #expect(kept.revocationsSequence == 0)
  }

  @Test func onConnectingAnAgentGetsWhatItLacks() async throws {
    let world = try await FleetWorld()
    let host = try await world.host()
    try await host.say()
    // A root that changed, so that the chain has two.
    _ = try world.issuer.addRoot()
    _ = try world.issuer.addKey(KeyRequest(role: .release))
    let list = try world.issuer.sign(Revocations(kids: ["gone"], jtis: [], before: [:]))
    let link = try await host.connect()
    let taken = try await host.take(link)
    #expect(
      taken.first == .hello(cluster: FleetWorld.cluster, now: FleetWorld.noon, next: 1))
    #expect(host.told == ["hello", "bundle", "bundle", "revocations"])
    #expect(host.bundle == (try world.issuer.bundle()))
    #expect(host.revocations == list.content.sequence)
    #expect(host.revoked.kids == ["gone"])
    // Having said so, it gets nothing again.
    try await host.say()
    world.plane.hub.push(.ping)
    #expect(try await host.take(link) == [.ping])
    world.plane.disconnect(link)
    host.told = []
    try await host.take(try await host.connect())
    #expect(host.told == ["hello"])
  }

  @Test func aReportIsAnsweredWithWhatIsNew() async throws {
    let world = try await FleetWorld()
    let host = try await world.host()
    let link = try await host.connect()
    try await host.take(link)
    _ = try world.issuer.addKey(KeyRequest(role: .release))
    try await host.say()
    try await host.take(link)
    #expect(host.bundle == (try world.issuer.bundle()))
  }

  @Test func timeIsToldToWhoDoesNotKnowIt() async throws {
    let world = try await FleetWorld()
    let host = try await world.host()
    let link = try await host.connect()
    try await host.take(link)
    try await host.say(host.report(nonce: FleetHost.nonce))
    host.clock = "rolled_back"
    try await host.say(host.report(nonce: FleetHost.nonce))
    try await host.take(link)
    #expect(host.told == ["hello", "time"])
    #expect(host.time?.issuedAt == FleetWorld.noon)
    // What is no nonce does not keep the report from being taken.
    try await host.say(host.report(nonce: "x"))
    #expect(world.plane.hub.takeTroubles().map(\.code.rawValue) == ["time_malformed"])
  }

  @Test func aRetiredAgentIsNotWelcome() async throws {
    let world = try await FleetWorld()
    let host = try await world.host()
    let link = try await host.connect()
    try await host.take(link)
    let entry = try await world.plane.retireAgent(world.caller(), host.id)
    #expect(entry.record.state == .retired)
    #expect(!entry.isConnected)
    #expect(try await host.take(link) == [.bye(reason: "retired", after: 3600)])
    #expect(await link.next() == nil)
    #expect(await refused { _ = try await host.connect() }?.code == .agentUnknown)
    #expect(world.plane.hub.count == 0)
  }

  // MARK: A cluster that went back

  /// Nor does one that says so again and again.
  @Test func nobodyDrivesTheNumberOfRevocationsAway() async throws {
    let world = try await FleetWorld()
    let host = try await world.host()
    host.revocations = 65_536
    try await host.say()
    #expect(try world.issuer.revocations()?.sequence == 65_537)
    host.revocations = 65_537 + 65_536
    try await host.say()
    #expect(try world.issuer.revocations()?.sequence == 65_537)
    // What is revoked here goes on.
    _ = try world.plane.signer.revoke(.none)
    host.revocations = 65_538
    try await host.say()
    #expect(try world.issuer.revocations()?.sequence == 65_538)
  }

  @Test func revocationsGoAboveWhatAgentsHave() async throws {
    let world = try await FleetWorld()
    let host = try await world.host()
    let other = try await world.host("web-04")
    let links = (try await host.connect(), try await other.connect())
    try await host.take(links.0)
    try await other.take(links.1)
    host.revocations = 7
    try await host.say()
    try await host.take(links.0)
    try await other.take(links.1)
    #expect(host.revocations == 8)
    #expect(other.revocations == 8)
    #expect(try await world.actions().first == "revocations.raise")
    // Once is enough.
    try await host.say()
    #expect(try world.issuer.revocations()?.sequence == 8)
  }

  @Test func aFleetThatComesBackAtOnceIsAnsweredOnce() async throws {
    let world = try await FleetWorld()
    let newer = try await Elsewhere(world).issuer.addKey(KeyRequest(role: .release)).bundle
    var reports: [(Report, AgentRecord)] = []
    for number in 0..<12 {
      let host = try await world.host("web-\(number)")
      host.revocations = 7
      host.bundle = newer
      reports.append((host.report(), try await host.record()))
    }
    let plane = world.plane
    await withTaskGroup(of: Void.self) { group in
      for (report, agent) in reports {
        group.addTask { try? await plane.take(report: report, from: agent) }
      }
    }
    #expect(try world.issuer.revocations()?.sequence == 8)
    #expect(try await world.actions().count { $0 == "revocations.raise" } == 1)
    #expect(try await world.openAlarms().map(\.kind) == [.bundleBehind])
  }

  @Test func whoClaimsEverMoreIsBelievedOnceAMinute() async throws {
    let world = try await FleetWorld()
    let host = try await world.host()
    host.revocations = 7
    try await host.say()
    host.revocations = 20
    try await host.say()
    #expect(try world.issuer.revocations()?.sequence == 8)
    world.advance(60)
    try await host.say()
    #expect(try world.issuer.revocations()?.sequence == 21)
  }

  /// The second backup is older than the first restore.
  @Test func agentsThatSawARestoreAreBelievedAfterTheNext() async throws {
    let world = try await FleetWorld()
    let host = try await world.host()
    try Issuer.noteReturn(of: world.issuer.directory, at: FleetWorld.noon)
    host.revocations = FleetWorld.noon - 5
    try await host.say()
    #expect(try world.issuer.revocations()?.sequence == FleetWorld.noon + 1)
  }

  @Test func nobodyDrivesTheNumbersOutOfReach() async throws {
    let world = try await FleetWorld()
    let host = try await world.host()
    host.revocations = 1 << 40
    try await host.say()
    #expect(try world.issuer.revocations() == nil)
    #expect(world.plane.hub.takeTroubles().map(\.code) == [.invalid])
    #expect(try await host.record().report?.revocationsSequence == 1 << 40)
  }

  @Test func aNewerBundleIsTakenFromAnAgent() async throws {
    let world = try await FleetWorld()
    let host = try await world.host()
    let other = try await world.host("web-04")
    let link = try await other.connect()
    try await other.take(link)
    // Signed where the root is, and imported on the host by hand.
    let elsewhere = try await Elsewhere(world)
    let newer = try elsewhere.issuer.addKey(KeyRequest(role: .release)).bundle
    host.bundle = newer
    #expect(await refused { try await host.say() }?.code == .bundleBehind)
    #expect(try await host.record().report?.bundleSequence == newer.sequence)
    #expect(try await world.openAlarms().map(\.kind) == [.bundleBehind])
    #expect(
      await refused {
        try await world.plane.take(bundle: newer.jws + "x", from: host.record())
      } != nil)
    #expect(try world.issuer.bundle().sequence < newer.sequence)
    try await world.plane.take(bundle: newer.jws, from: host.record())
    #expect(try world.issuer.bundle() == newer)
    try await host.say()
    try await other.take(link)
    #expect(other.bundle == newer)
  }

  /// A copy of the cluster's issuer, as it lies where the root key is.
  private struct Elsewhere {
    let issuer: Issuer

    init(_ world: FleetWorld) async throws {
      for directory in ["", "/keys", "/bundles"]
      where Files.exists("\(world.root)/issuer\(directory)") {
        try Files.makeDirectory("\(world.root)/elsewhere\(directory)", mode: 0o700)
        for name in try Files.list("\(world.root)/issuer\(directory)") {
          let path = "\(directory)/\(name)"
          if Files.isDirectory("\(world.root)/issuer\(path)") { continue }
          try Files.writeAtomically(
            "\(world.root)/elsewhere\(path)", Files.read("\(world.root)/issuer\(path)"), mode: 0o600
          )
        }
      }
      issuer = Issuer(
        directory: world.root + "/elsewhere",
        surroundings: Surroundings(
          now: { FleetWorld.noon }, random: { Random.bytes($0) }, describe: { "at \($0)" }))
    }
  }
}
