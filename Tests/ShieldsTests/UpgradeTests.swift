import Linux
import Protection
import Testing

@testable import Shields

/// What `Upgrades=any`, logs and shared drop-ins make of a service.
@Suite struct UpgradeTests {
  private let fixture: Fixture

  init() throws { fixture = try Fixture() }

  private var prerm: String { fixture.text("/var/lib/dpkg/info/demo.prerm") ?? "" }

  /// dpkg's way: prerm asks, files and prerm are replaced, its lock goes.
  @Test func dpkgReplacesAnOpenedPackageAndRemovalStaysRefused() throws {
    var service = try fixture.define()
    service.upgrades = .any
    for shield in fixture.shields { #expect(shield.engage(service).problems == []) }
    #expect(prerm.contains("holdfast upgrade 'demo'") && prerm.contains("exit 1"))
    #expect(try Files.list("\(fixture.root)/etc/apt/preferences.d").isEmpty)
    let original = try #require(service.package?.prerm)
    #expect(prerm.contains("exec '\(fixture.bench.baseline.path(of: original.hash))'"))

    // Ours until dpkg brings its own, and then again.
    #expect(fixture.package.openToUpgrade(service, sparing: []) == [])
    #expect(fixture.package.closedToRemoval(service) == nil)
    try fixture.write("/var/lib/dpkg/info/demo.prerm", "#!/bin/sh\nexit 2\n", mode: 0o755)
    let closed = try #require(fixture.package.closedToRemoval(service))
    #expect(prerm.contains("holdfast upgrade 'demo'"))
    #expect(closed.package?.prerm != original)
    #expect(fixture.package.closedToRemoval(closed) == nil)

    // What is let go of is what dpkg brought.
    #expect(fixture.package.release(closed) == [])
    #expect(prerm == "#!/bin/sh\nexit 2\n")
    let lines = fixture.text("/state/shields/manifest") ?? ""
    #expect(!lines.contains("demo.prerm"), "\(lines)")
  }

  @Test func aPackageWithoutAPrermIsClosedToo() throws {
    var service = try fixture.define()
    service.upgrades = .any
    #expect(fixture.package.engage(service).problems == [])
    _ = fixture.package.openToUpgrade(service, sparing: [])
    try Files.remove("\(fixture.root)/var/lib/dpkg/info/demo.prerm")
    let closed = try #require(fixture.package.closedToRemoval(service))
    #expect(closed.package?.prerm == nil)
    #expect(prerm.contains("exit 0"))
    #expect(fixture.package.release(closed) == [])
    #expect(fixture.text("/var/lib/dpkg/info/demo.prerm") == nil)
  }

  @Test func aUnitInDpkgsHandsMayBeRestartedAndItsPackagedDropInsCome() throws {
    var service = try fixture.define()
    service.upgrades = .any
    #expect(fixture.unit.engage(service).problems == [])
    #expect(fixture.unit.openDirectories(service) == [])
    service.isInPackageRun = true
    #expect(fixture.unit.engage(service).problems == [])
    let control = "/etc/systemd/system.control/demo.service.d/\(DropIn.fileName)"
    #expect(fixture.text(control)?.contains("RefuseManualStop=no") == true)
    let packaged = "/usr/lib/systemd/system/demo.service.d"
    try Files.makeDirectory(fixture.root + packaged, mode: 0o755, parents: true)
    try fixture.write("\(packaged)/new.conf", "[Service]\nNice=1\n")
    // Elsewhere nobody else puts anything.
    try Files.symlink("/dev/null", at: "\(fixture.root)/run/systemd/system/demo.service")
    #expect(fixture.unit.engage(service).mended.map(\.what) == ["masked it"])
    #expect(fixture.text("\(packaged)/new.conf") != nil)
    service.isInPackageRun = false
    _ = fixture.unit.engage(service)
    #expect(fixture.text(control)?.contains("RefuseManualStop=yes") == true)
  }

  @Test func sharedDropInsStayInEffectAsTheyWere() throws {
    let before = try fixture.digest()
    let shared = "/etc/systemd/system/service.d"
    try Files.makeDirectory(fixture.root + shared, mode: 0o755)
    try fixture.write("\(shared)/all.conf", "[Service]\nNice=1\n")
    let service = try fixture.deriving.define(
      [facts(dropIns: ["\(fixture.root)\(shared)/all.conf"])], extra: [], upgrades: .token,
      addedBy: AddedBy(uid: 0, loginUID: nil, at: 1))
    #expect(fixture.unit.engage(service).problems == [])
    let copy = "/etc/systemd/system.control/demo.service.d/all.conf"
    try fixture.write("\(shared)/all.conf", "[Service]\nNice=9\n")
    #expect(fixture.unit.engage(service) == Engagement())
    #expect(fixture.text(copy) == "[Service]\nNice=1\n")
    #expect(fixture.unit.differences(service).map(\.what) == ["was replaced"])
    #expect(fixture.unit.release(service) == [])
    #expect(fixture.text(copy) == nil)
    try Files.remove("\(fixture.root)\(shared)/all.conf")
    try Files.removeDirectory(fixture.root + shared)
    #expect(try fixture.digest() == before)
  }

  @Test func logsAreNeverTaken() throws {
    let log = "\(fixture.root)/var/log/demo/demo.log"
    try Files.makeDirectory("\(fixture.root)/var/log/demo", mode: 0o755, parents: true)
    try fixture.write("/var/log/demo/demo.log", "a line\n")
    var named = facts()
    named.arguments = [log]
    let derivation = try fixture.deriving.derive(
      [named], wishes: DerivingWishes(files: [log], logs: ["\(fixture.root)/var/log/demo/*.log"]),
      upgrades: .token, addedBy: AddedBy(uid: 0, loginUID: nil, at: 1))
    #expect(!derivation.service.everyFile.contains { $0.path == log })
    #expect(derivation.notes.contains { $0.contains(log) })
    #expect(derivation.origins["\(fixture.root)/usr/sbin/demo"] == "Exec")
    #expect(derivation.origins["\(fixture.root)/etc/demo/demo.conf"] == "package")
  }

  private func facts(dropIns: [String] = []) -> UnitFacts {
    var facts = UnitFacts(name: "demo.service")
    facts.loadState = "loaded"
    facts.fragment = "\(fixture.root)/usr/lib/systemd/system/demo.service"
    facts.programs = ["\(fixture.root)/usr/sbin/demo"]
    facts.dropIns = dropIns
    return facts
  }
}
