import AgentToken
import Foundation
import JSON
import Ledger
import Linux
import TestSupport
import Testing
import Version

@testable import Agent

/// What is known of the time, as it is kept on the disk.
@Suite struct TimekeeperTests {
  /// An enrolled host with a clock of its own, in a directory that is gone after the test.
  final class Host {
    let disk: StateVaultTests.Host
    var wall = MintingAuthority.now
    var boottime: Int64 = 1_000
    private let bundle: TrustBundle
    private let cluster = MintingAuthority()
    private(set) var changes: [TrustedClock.Standing] = []

    init() throws {
      disk = try StateVaultTests.Host()
      bundle = try cluster.enrolled()
    }

    var files: [String] { [disk.first, disk.second].map { "\($0)/\(ClockStore.name)" } }

    /// The daemon starts.
    func start(
      floor: LedgerFloor? = nil, enrolled: Bool = true, below: String = ""
    ) -> Timekeeper {
      let places = [
        VitalPlace(directory: disk.first + below, isOwn: false),
        VitalPlace(directory: disk.second + below, isOwn: true),
      ]
      let keeper = Timekeeper(
        store: ClockStore(places: places), bundle: enrolled ? bundle : nil, floor: floor,
        buildDate: 0
      ) { [self] in
        ClockReading(wall: wall * 1_000_000, boottime: boottime * 1_000_000, bootID: "this boot")
      }
      keeper.onChange = { [self] _, standing in changes.append(standing) }
      return keeper
    }

    /// The same, enrolled just now.
    func enrol() -> Timekeeper {
      let keeper = start(enrolled: false)
      keeper.begin(bundle)
      return keeper
    }

    func wait(_ seconds: Int64) {
      wall += seconds
      boottime += seconds
    }

    /// A token that was accepted, as an answer to a challenge where that is said.
    func token(issuedAt: Int64, challengeElapsed: Int64? = nil) throws -> VerifiedToken {
      var draft = cluster.token(issuedAt: issuedAt)
      if challengeElapsed != nil { draft = draft.with("nonce", "AAAAAAAAAAAAAAAAAAAAAA") }
      return try cluster.verifier().verify(
        draft.bytes, at: TrustedTime(now: issuedAt),
        challenges: { _ in .good(elapsed: challengeElapsed ?? 0) }, spent: { _, _ in nil })
    }
  }

  @Test func enrollingIsTheBeginningAndNothingIsMissing() throws {
    let host = try Host()
    #expect(host.start(enrolled: false).stamp.floor == nil)
    #expect(!Files.exists(host.files[0]))
    let keeper = host.enrol()
    #expect(keeper.standing == .wall)
    host.wait(60)
    keeper.tick()
    #expect(keeper.stamp.floor?.soft == host.wall)
    #expect(host.start().standing == .wall)
  }

  @Test(arguments: [[0], [1], [0, 1]])
  func oneOfTheFilesIsEnough(_ gone: [Int]) throws {
    let host = try Host()
    let keeper = host.enrol()
    host.wait(60)
    keeper.tick()
    for index in gone { try host.disk.tamper(host.files[index], nil) }
    let again = host.start(floor: LedgerFloor(soft: host.wall + 7, hard: host.wall + 5))
    if gone.count == 1 {
      #expect(again.standing == .wall)
      #expect(again.clock.state == keeper.clock.state)
    } else {
      #expect(again.standing == .stateMissing)
      #expect(again.clock.state.softFloor == host.wall + 7)
      #expect(again.clock.hardFloor == host.wall + 5)
      #expect(again.time().doubt == .stateMissing)
    }
    // Whatever was gone is there again, and remembers.
    host.wait(60)
    again.tick()
    #expect(host.files.allSatisfy(Files.exists))
    #expect(host.start().standing == again.standing)
  }

  @Test func whatWasWrittenLastCountsAndATornSlotDoesNot() throws {
    let host = try Host()
    let keeper = host.enrol()
    for _ in 1...3 {
      host.wait(60)
      keeper.tick()
    }
    // The first file is an older one, put back.
    let old = try Files.read(host.files[0])
    host.wait(60)
    keeper.tick()
    try host.disk.tamper(host.files[0], old)
    let again = host.start()
    #expect(again.clock.state == keeper.clock.state)
    #expect(try Files.read(host.files[0]) != old, "and is put right")
    let state = again.clock.state
    host.wait(60)
    again.tick()
    // A power cut while the last was written, in both places: the one before counts.
    for file in host.files {
      var bytes = try Files.read(file)
      let latest = Slots.latest(in: bytes, size: ClockStore.slotSize)
      let offset = (latest?.counter ?? 0) % 2 == 0 ? 0 : ClockStore.slotSize
      bytes[offset + 80] ^= 1
      try host.disk.tamper(file, bytes)
    }
    let torn = ClockStore(places: [
      VitalPlace(directory: host.disk.first, isOwn: false),
      VitalPlace(directory: host.disk.second, isOwn: true),
    ])
    #expect(torn.read()?.softFloor == state.softFloor)
    for file in host.files { try host.disk.tamper(file, Array("what is this".utf8)) }
    #expect(host.start().standing == .stateMissing)
  }

  @Test func whatAnAcceptedTokenSaysIsOnTheDiskAtOnce() throws {
    let host = try Host()
    let keeper = host.enrol()
    host.wait(3_600)
    try keeper.take(host.token(issuedAt: host.wall))
    #expect(host.start().clock.hardFloor == host.wall)
    // A challenge's answer too: a clock ten years ahead is disowned over a restart.
    let real = host.wall
    host.wall += 10 * 365 * 86_400
    #expect(keeper.time().now == host.wall)
    try keeper.take(host.token(issuedAt: real, challengeElapsed: 40))
    #expect(keeper.standing == .estimated)
    let again = host.start()
    #expect(again.standing == .estimated)
    #expect(again.clock.state.softFloor <= real + 40)
    #expect(again.offset > 9 * 365 * 86_400)
  }

  /// Whoever asks is not told how it stood up to a minute ago.
  @Test func howTheClockStandsIsLookedAtWhenAsked() throws {
    let host = try Host()
    let keeper = host.enrol()
    host.wall += 7_200
    try keeper.take(host.token(issuedAt: host.wall - 7_200, challengeElapsed: 0))
    #expect(keeper.standingNow() == .estimated)
    host.wall -= 7_200
    #expect(keeper.standingNow() == .wall)
    host.wall -= 7_200
    #expect(keeper.standingNow() == .rolledBack)
    #expect(host.changes == [.estimated, .wall, .rolledBack])
  }

  @Test func whatCannotBeWrittenIsNotTaken() throws {
    let host = try Host()
    for place in [host.disk.first, host.disk.second] {
      try Files.writeAtomically(place, Array("no directory".utf8))
    }
    let keeper = host.start(below: "/below")
    let before = keeper.clock
    let token = try host.token(issuedAt: host.wall)
    #expect(throws: SystemError.self) { try keeper.take(token) }
    #expect(keeper.clock == before)
    #expect(keeper.problem != nil)
  }

  @Test func aTokenThatCouldNotBeRecordedIsTakenBack() throws {
    let host = try Host()
    let keeper = host.enrol()
    host.wait(60)
    keeper.tick()
    let before = keeper.clock
    try keeper.take(host.token(issuedAt: host.wall))
    keeper.revert(to: before)
    #expect(host.start().clock.state == before.state)
  }

  @Test func aChangeOfTheClockIsSaidOnce() throws {
    let host = try Host()
    let keeper = host.enrol()
    host.wall -= 3_600
    for _ in 1...3 {
      #expect(keeper.time().doubt == .rolledBack)
      host.wait(60)
      keeper.tick()
    }
    #expect(keeper.stamp.clock == "rolled_back")
    host.wall += 3_600
    #expect(keeper.time().doubt == nil)
    #expect(host.changes == [.rolledBack, .wall])
  }

  @Test func theReleaseIsTheChangelogs() throws {
    let text = try Files.text(Checkout.top + "/packaging/changelog")
    let trailer = try #require(text.split(separator: "\n").first { $0.hasPrefix(" -- ") })
    let date = try #require(trailer.components(separatedBy: ">  ").last)
    let format = DateFormatter()
    format.locale = Locale(identifier: "en_US_POSIX")
    format.dateFormat = "EEE, dd MMM yyyy HH:mm:ss Z"
    #expect(format.date(from: date).map { Int64($0.timeIntervalSince1970) } == holdfastReleased)
  }
}

/// Which machine the state is of.
@Suite struct MachineStoreTests {
  @Test func anotherMachineIsToldByWhatIsKnownOfBoth() throws {
    let host = try StateVaultTests.Host()
    let store = MachineStore(vault: host.open())
    #expect(store.differences(["machine id": "a"]).isEmpty)
    try store.accept(["machine id": "a", "hardware UUID": "u"])
    let again = MachineStore(vault: host.open())
    #expect(again.differences(["machine id": "a", "hardware UUID": "u"]).isEmpty)
    #expect(again.differences(["hardware UUID": "v"]) == ["hardware UUID"])
    #expect(
      again.differences(["machine id": "b", "hardware UUID": "v"]) == [
        "hardware UUID", "machine id",
      ]
    )
    // What cannot be read, or could not before, says nothing.
    #expect(again.differences([:]).isEmpty)
    #expect(again.differences(["machine id": "a", "VM generation id": "g"]).isEmpty)
    try again.accept(["machine id": "b", "VM generation id": "g"])
    #expect(again.differences(["machine id": "a", "VM generation id": "h"]).count == 2)
    #expect(again.known["hardware UUID"] == "u")
  }

  @Test func whatIsKeptTellsNobodyTheMachineID() {
    for (name, hash) in MachineStore.current() {
      #expect(hash.utf8.count == 64, "\(name)")
      #expect(Machine.machineID().map(hash.contains) != true)
    }
  }
}
