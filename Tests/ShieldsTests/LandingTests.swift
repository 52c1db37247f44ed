import Linux
import Protection
import Testing

@testable import Shields

/// What a signed upgrade is held to, on a disk that dpkg has been at.
@Suite struct LandingTests {
  private let fixture: Fixture
  private let origin: ServiceDefinition
  private let packages: PackageDatabase

  init() throws {
    fixture = try Fixture()
    packages = PackageDatabase(directory: "\(fixture.root)/var/lib/dpkg")
    origin = try fixture.define()
  }

  private var program: String { "\(fixture.root)/usr/sbin/demo" }
  private var unit: String { "\(fixture.root)/usr/lib/systemd/system/demo.service" }
  private var library: String { "\(fixture.root)/usr/lib/demo.so" }

  private func hash(_ text: String) -> String { SHA256Hash.hex(SHA256Hash.of(Array(text.utf8))) }

  /// Version 2.0: another program, the same unit and conffile, a library that nobody protects.
  private func released(
    scripts: [String: String]? = nil, version: String = "2.0"
  ) -> ReleasedPackage {
    ReleasedPackage(
      name: "demo", version: version, architecture: "amd64",
      files: [
        program: hash("#!/bin/sh\n# 2.0\n"), library: hash("library"),
        unit: hash("[Service]\nExecStart=/usr/sbin/demo\n"),
        "\(fixture.root)/etc/demo/demo.conf": hash("a=1\n"),
      ],
      scripts: scripts ?? ["prerm": hash("#!/bin/sh\nexit 0\n"), "postinst": hash("#!/bin/sh\n")]
    )
  }

  /// As dpkg leaves it behind.
  private func land() throws {
    try fixture.write("/usr/sbin/demo", "#!/bin/sh\n# 2.0\n", mode: 0o755)
    try fixture.write("/usr/lib/demo.so", "library")
    try fixture.write("/var/lib/dpkg/info/demo.postinst", "#!/bin/sh\n", mode: 0o755)
    let list = fixture.text("/var/lib/dpkg/info/demo.list") ?? ""
    try fixture.write("/var/lib/dpkg/info/demo.list", list + "\(library)\n")
    try setVersion("2.0")
  }

  private func setVersion(_ version: String) throws {
    let status = fixture.text("/var/lib/dpkg/status") ?? ""
    let parts = status.split(separator: "Version: 1.0-1", omittingEmptySubsequences: false)
    try fixture.write("/var/lib/dpkg/status", parts.joined(separator: "Version: \(version)"))
  }

  private func landing(_ package: ReleasedPackage? = nil) -> Landing {
    Landing(
      package ?? released(), on: origin, baseline: fixture.bench.baseline, packages: packages)
  }

  private func oddities(_ package: ReleasedPackage? = nil) -> [String] {
    landing(package).oddities(current: origin)
  }

  @Test func whatIsListedLands() throws {
    try land()
    #expect(oddities() == [])
    let new = try fixture.define()
    #expect(landing().oddities(in: new) == [])
    #expect(landing().putBack() == [])
  }

  @Test func anotherVersionOrAHalfInstalledOneIsOdd() throws {
    #expect(oddities() == ["dpkg has demo 1.0-1, not 2.0"])
    try land()
    #expect(oddities(released(version: "2.1")) == ["dpkg has demo 2.0, not 2.1"])
    let status = fixture.text("/var/lib/dpkg/status") ?? ""
    try fixture.write(
      "/var/lib/dpkg/status",
      status.split(separator: "ok installed", omittingEmptySubsequences: false)
        .joined(separator: "ok half-installed"))
    #expect(oddities() == ["dpkg has demo half-installed, not 2.0"])
  }

  @Test(arguments: [
    ("/usr/sbin/demo", "#!/bin/sh\n# forged\n"), ("/usr/sbin/demo", "#!/bin/sh\n"),
    ("/usr/lib/demo.so", "forged"), ("/etc/demo/demo.conf", "a=2\n"),
    ("/usr/lib/systemd/system/demo.service", "[Service]\nExecStart=/bin/evil\n"),
  ])
  func aFileThatIsNotAsListedIsOdd(_ path: String, _ text: String) throws {
    try land()
    try fixture.write(path, text, mode: 0o755)
    let odd = oddities()
    #expect(odd.count == 1 && odd[0].contains(path), "\(odd)")
  }

  @Test func aListedFileThatIsMissingIsOddWhereItWasProtected() throws {
    try land()
    try Files.remove(library)
    #expect(oddities() == [])
    try Files.remove(program)
    #expect(oddities() == ["\(program) is not as the release lists it"])
  }

  @Test func anAdministratorsConffileStays() throws {
    try fixture.write("/etc/demo/demo.conf", "a=5\n")
    let mine = try fixture.define()
    try land()
    let landing = Landing(
      released(), on: mine, baseline: fixture.bench.baseline, packages: packages)
    #expect(landing.oddities(current: mine) == [])
    #expect(landing.oddities(in: try fixture.define()) == [])
  }

  @Test func anUnlistedFileInThePackagesListIsOdd() throws {
    try land()
    try fixture.write("/usr/sbin/more", "more")
    let list = fixture.text("/var/lib/dpkg/info/demo.list") ?? ""
    try fixture.write("/var/lib/dpkg/info/demo.list", list + "\(fixture.root)/usr/sbin/more\n")
    #expect(oddities() == ["\(fixture.root)/usr/sbin/more is not listed in the release"])
    #expect(
      oddities(
        ReleasedPackage(
          name: "demo", version: "2.0", architecture: "amd64", files: released().files,
          links: ["\(fixture.root)/usr/sbin/more": "demo"], scripts: released().scripts)) == [])
  }

  @Test func anotherAMissingOrAnUnlistedScriptIsOdd() throws {
    try land()
    #expect(
      oddities(released(scripts: ["postinst": hash("#!/bin/sh\n")]))
        == ["the script prerm is not the one that the release lists"])
    try fixture.write("/var/lib/dpkg/info/demo.postinst", "#!/bin/sh\nevil\n", mode: 0o755)
    try fixture.write("/var/lib/dpkg/info/demo.preinst", "#!/bin/sh\n", mode: 0o755)
    #expect(
      oddities() == [
        "the script preinst is not the one that the release lists",
        "the script postinst is not the one that the release lists",
      ])
  }

  @Test func meanwhileAFileIsAsBeforeOrAsListed() throws {
    try fixture.write("/usr/sbin/demo", "#!/bin/sh\n# 2.0\n", mode: 0o755)
    #expect(landing().putBack() == [])
    try fixture.write("/usr/sbin/demo", "#!/bin/sh\n# forged\n", mode: 0o755)
    #expect(landing().putBack().map(\.path) == [program])
    #expect(fixture.text("/usr/sbin/demo") == "#!/bin/sh\n")
    // What the new version no longer has may go.
    try Files.remove(program)
    #expect(landing().putBack() == [])
  }

  @Test func onlyListedAndFormerFilesAreOpen() throws {
    let open = landing().openPaths
    #expect(open.isSuperset(of: [program, unit, library]))
    #expect(!open.contains("\(fixture.root)/etc/passwd"))
    #expect(landing().bringsInto("\(fixture.root)/usr/sbin"))
    #expect(!landing().bringsInto("\(fixture.root)/usr/lib/systemd/system/demo.service.d"))
  }

  @Test func aNewBaselineHasNothingElseInIt() throws {
    try land()
    var new = try fixture.define()
    new.programs.append(
      KeptFile(path: "/usr/sbin/other", hash: hash("x"), size: 1, mode: 0o755, uid: 0, gid: 0))
    #expect(
      landing().oddities(in: new)
        == ["/usr/sbin/other is neither as it was nor listed in the release"])

    new = try fixture.define()
    new.programs[0].mode = 0o777
    #expect(
      landing().oddities(in: new)
        == ["\(program) has an owner or a mode that lets others change it"])

    new = try fixture.define()
    new.package = nil
    #expect(landing().oddities(in: new) == ["demo.service is not of demo 2.0 any more"])

    // What was protected and is still shipped stays so, named by the unit or not.
    new = try fixture.define()
    new.programs = []
    #expect(landing().completed(new).programs.map(\.path) == [program])
  }
}
