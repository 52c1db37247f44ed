import Agent
import Protection
import Testing

/// What `doctor` makes of what it sees: verdicts get worse with what is missing, never better.
@Suite struct DiagnosisTests {
  private var service = ServiceFacts(unit: "filebeat.service")
  private var host: HostFacts = {
    var host = HostFacts()
    host.systemd = 252
    host.thawsDaemon = true
    return host
  }()

  private func finding(
    _ attack: AttackClass, on host: HostFacts, _ services: ServiceFacts...
  ) throws -> ClassFinding {
    var host = host
    host.services = services
    return try #require(Diagnosis.findings(for: host).first { $0.attack == attack })
  }

  @Test func everyClassHasOneFindingInOrder() {
    var host = host
    host.services = [service]
    #expect(Diagnosis.findings(for: host).map(\.attack) == AttackClass.allCases)
  }

  @Test func whatIsPossibleSaysWhatWouldImproveIt() {
    var host = host
    host.services = [service]
    let possible = Diagnosis.findings(for: host).filter { $0.verdict == .possible }
    #expect(possible.filter { $0.improve == nil }.map(\.attack) == [])
    #expect(possible.contains { $0.attack == .blockDevice })
  }

  @Test func nothingIsPromisedWhereNothingIsGuarded() {
    let findings = Diagnosis.findings(for: host)
    #expect(findings.allSatisfy { $0.verdict == .possible })
  }

  @Test func filesAreHealedWhereTheyCannotBeFlagged() throws {
    #expect(try finding(.files, on: host, service).verdict == .refused)
    var bare = service
    bare.unflaggable = "/srv/agent"
    let found = try finding(.files, on: host, bare)
    #expect(found.verdict == .healed)
    #expect(found.reason.contains("/srv/agent"))
    // Where files are only healed anyway, it makes no difference.
    #expect(try finding(.unflaggedFiles, on: host, bare).verdict == .healed)
  }

  @Test(arguments: [
    ("unit", AttackClass.stop), ("file", .files), ("package", .packageRemoval),
  ])
  func aDamagedShieldHoldsNothing(shield: String, attack: AttackClass) throws {
    var damaged = service
    damaged.damage[shield] = "/some/file was removed"
    let found = try finding(attack, on: host, damaged)
    #expect(found.verdict == .possible)
    #expect(found.reason.contains("/some/file was removed"))
    var waiting = service
    waiting.waiting = [shield]
    #expect(try finding(attack, on: host, waiting).verdict == .possible)
  }

  @Test func anOpenServiceIsOpenToAll() throws {
    var open = service
    open.opening = ServiceFacts.Opening(reason: "it is unprotected", improve: "holdfast protect")
    for attack in [AttackClass.stop, .signals, .files, .mask, .packageChange] {
      let found = try finding(attack, on: host, open)
      #expect(found.verdict == .possible)
      #expect(found.improve == "holdfast protect")
    }
  }

  @Test func theWorstServiceCountsAndIsNamed() throws {
    var bare = ServiceFacts(unit: "bare.service")
    bare.unflaggable = "/srv/agent"
    let mixed = try finding(.files, on: host, service, bare)
    #expect(mixed.verdict == .healed)
    #expect(mixed.reason.hasPrefix("bare.service: "))
    #expect(try !finding(.stop, on: host, service, bare).reason.contains(".service: "))
  }

  @Test func upgradesAnyLetsPackagesThrough() throws {
    var free = service
    free.upgradesFreely = true
    #expect(try finding(.packageChange, on: host, service).verdict == .refused)
    #expect(try finding(.packageChange, on: host, free).verdict == .possible)
    #expect(try finding(.packageRemoval, on: host, free).verdict == .refused)
    free.isPackaged = false
    #expect(try finding(.packageChange, on: host, free).verdict == .refused)
  }

  @Test(arguments: [
    (252, false, AttackVerdict.healed), (257, true, .possible), (257, false, .possible),
  ])
  func newerSystemdKeepsAFrozenDaemonDown(
    systemd: Int, thaws: Bool, verdict: AttackVerdict
  ) throws {
    var host = host
    host.systemd = systemd
    host.thawsDaemon = thaws
    #expect(try finding(.daemonFreeze, on: host, service).verdict == verdict)
  }

  @Test func mountsOfItsOwnAreNotSeen() throws {
    var apart = service
    apart.hasOwnMounts = true
    #expect(try finding(.mountOver, on: host, apart).verdict == .possible)
    #expect(try finding(.bind, on: host, apart).verdict == .possible)
  }

  @Test func theDaemonsOwnDamageCounts() throws {
    var host = host
    host.daemonDamage = "/usr/sbin/holdfastd was replaced"
    #expect(try finding(.daemonKill, on: host, service).verdict == .possible)
    #expect(try finding(.stop, on: host, service).verdict == .refused)
  }
}

/// The ids are a contract; titles are read by people in one table.
@Suite struct AttackClassTests {
  @Test func idsAreLowerCaseWords() {
    for attack in AttackClass.allCases {
      #expect(attack.id.allSatisfy { $0.isLowercase || $0.isNumber || $0 == "-" })
    }
  }

  @Test func titlesDiffer() {
    #expect(Set(AttackClass.allCases.map(\.title)).count == AttackClass.allCases.count)
  }

  @Test func verdictsAreOrdered() {
    #expect(AttackVerdict.refused < .healed)
    #expect(AttackVerdict.healed < .possible)
  }
}
