import Foundation
import Linux
import Protection
import Testing

@testable import Shields

/// The shields on a real file system: the immutable flag needs root.
@Suite(.enabled(if: getuid() == 0, "needs root for the immutable flag"))
struct ShieldTests {
  let fixture: Fixture
  let service: ServiceDefinition

  init() throws {
    fixture = try Fixture()
    service = try fixture.define()
  }

  func engage() -> Engagement {
    var all = Engagement()
    for shield in fixture.shields {
      let result = shield.engage(service)
      all.mended += result.mended
      all.problems += result.problems
      all.needsReload = all.needsReload || result.needsReload
    }
    return all
  }

  func release() -> [Problem] { fixture.shields.reversed().flatMap { $0.release(service) } }

  var damage: [Problem] { fixture.shields.flatMap { $0.inspect(service) } }

  @Test func engagingIsWholeAndIdempotent() throws {
    #expect(!damage.isEmpty)
    let first = engage()
    #expect(first.problems == [])
    #expect(first.needsReload)
    #expect(damage == [])
    #expect(engage() == Engagement())
  }

  @Test func releasingLeavesEverythingAsItWas() throws {
    let before = try fixture.digest()
    _ = engage()
    #expect(try fixture.digest() != before)
    #expect(release() == [])
    #expect(try fixture.digest() == before)
    #expect(!fixture.bench.hasPlacements)
  }

  @Test func releasingTwiceIsFine() throws {
    let before = try fixture.digest()
    _ = engage()
    _ = release()
    #expect(release() == [])
    #expect(try fixture.digest() == before)
  }

  @Test func protectedFilesRefuse() throws {
    _ = engage()
    for path in [
      "/usr/sbin/demo", "/usr/lib/systemd/system/demo.service", "/etc/demo/demo.conf",
      "/var/lib/dpkg/info/demo.prerm", "/var/lib/dpkg/info/demo.list",
      "/etc/systemd/system.control/demo.service",
      "/etc/systemd/system.control/demo.service.d/50-protected-by-holdfast.conf",
    ] {
      #expect(throws: SystemError.self, "\(path)") { try Files.remove(fixture.root + path) }
    }
    #expect(throws: SystemError.self) {
      try fixture.write("/etc/systemd/system/demo.service.d/zzz.conf", "[Service]\n")
    }
  }

  /// Attacks of which each must be seen by `inspect` and undone by `engage`.
  static let attacks: [(String, @Sendable (Fixture) throws -> Void)] = [
    ("flag cleared", { try InodeFlags.setImmutable($0.root + "/usr/sbin/demo", false) }),
    (
      "binary removed",
      {
        try InodeFlags.setImmutable($0.root + "/usr/sbin/demo", false)
        try Files.remove($0.root + "/usr/sbin/demo")
      }
    ),
    (
      "binary replaced by one of the same size and time",
      { fixture in
        let path = fixture.root + "/usr/sbin/demo"
        let before = try #require(try Files.status(path))
        try InodeFlags.setImmutable(path, false)
        try fixture.write("/usr/sbin/demo", "#!/bin/sx\n", mode: 0o755)
        var times = [timespec(), timespec()]
        times[0].tv_sec = Int(before.mtime / 1_000_000_000)
        times[0].tv_nsec = Int(before.mtime % 1_000_000_000)
        times[1] = times[0]
        utimensat(AT_FDCWD, path, times, 0)
      }
    ),
    (
      "binary replaced by a directory",
      {
        let path = $0.root + "/usr/sbin/demo"
        try InodeFlags.setImmutable(path, false)
        try Files.remove(path)
        try Files.makeDirectory("\(path)/x", parents: true)
      }
    ),
    (
      "binary grown, and open to nothing but growing",
      { fixture in
        let path = fixture.root + "/usr/sbin/demo"
        try InodeFlags.setImmutable(path, false)
        try fixture.write("/usr/sbin/demo", "#!/bin/sh\nexit 1\n", mode: 0o755)
        try InodeFlags.setAppendOnly(path, true)
      }
    ),
    (
      "binary removed from a directory that takes nothing but new names",
      {
        try InodeFlags.setImmutable($0.root + "/usr/sbin/demo", false)
        try Files.remove($0.root + "/usr/sbin/demo")
        try InodeFlags.setAppendOnly($0.root + "/usr/sbin", true)
      }
    ),
    (
      "masked in a directory that was made immutable",
      {
        try Files.symlink("/dev/null", at: $0.root + "/etc/systemd/system/demo.service")
        try InodeFlags.setImmutable($0.root + "/etc/systemd/system", true)
      }
    ),
    (
      "unit file and drop-ins gone, and where they were made immutable",
      {
        let control = $0.root + "/etc/systemd/system.control"
        try Files.removeTree("\(control)/demo.service.d")
        try Files.removeTree("\(control)/demo.service")
        try InodeFlags.setImmutable(control, true)
      }
    ),
    (
      "mode",
      {
        try InodeFlags.setImmutable($0.root + "/usr/sbin/demo", false)
        try Files.chmod($0.root + "/usr/sbin/demo", 0o4777)
      }
    ),
    (
      "masked", { try Files.symlink("/dev/null", at: $0.root + "/etc/systemd/system/demo.service") }
    ),
    (
      "masked at runtime",
      { try Files.symlink("/dev/null", at: $0.root + "/run/systemd/system/demo.service") }
    ),
    (
      "disabled",
      {
        try Files.remove(
          $0.root + "/etc/systemd/system/multi-user.target.wants/demo.service")
      }
    ),
    (
      "drop-in of its type",
      { fixture in
        try Files.makeDirectory(fixture.root + "/run/systemd/system/service.d")
        try fixture.write("/run/systemd/system/service.d/zzz.conf", "[Service]\nExecStart=\n")
      }
    ),
    (
      "drop-in directory taken away",
      {
        let path = $0.root + "/etc/systemd/system.control/demo.service.d"
        try InodeFlags.setImmutable(path, false)
        try Files.rename(path, to: $0.root + "/away")
      }
    ),
    (
      "control directory moved",
      { try Files.rename($0.root + "/etc/systemd/system.control", to: $0.root + "/away") }
    ),
    (
      "prerm put back",
      { fixture in
        try InodeFlags.setImmutable(fixture.root + "/var/lib/dpkg/info/demo.prerm", false)
        try fixture.write("/var/lib/dpkg/info/demo.prerm", "#!/bin/sh\nexit 0\n", mode: 0o755)
      }
    ),
  ]

  @Test(arguments: attacks.indices)
  func damageIsSeenAndMended(index: Int) throws {
    let (name, attack) = Self.attacks[index]
    _ = engage()
    try attack(fixture)
    #expect(!damage.isEmpty, "\(name)")
    let result = engage()
    #expect(!result.mended.isEmpty, "\(name)")
    #expect(result.problems == [], "\(name)")
    #expect(damage == [], "\(name)")
    #expect(fixture.text("/usr/sbin/demo") == "#!/bin/sh\n", "\(name)")
  }

  /// A drop-in of the type belongs to others too: it stays where it is and is out of effect here.
  @Test func sharedDropInsAreMaskedNotRemoved() throws {
    _ = engage()
    try Files.makeDirectory(fixture.root + "/etc/systemd/system/service.d")
    try fixture.write("/etc/systemd/system/service.d/zzz.conf", "[Service]\nNice=5\n")
    #expect(engage().needsReload)
    #expect(fixture.text("/etc/systemd/system/service.d/zzz.conf") != nil)
    #expect(
      try Files.readLink(fixture.root + "/etc/systemd/system.control/demo.service.d/zzz.conf")
        == "/dev/null")
  }

  /// What a generator makes comes back at every reload, so it is put out of effect instead.
  @Test func generatedDropInsAreMasked() throws {
    _ = engage()
    let directory = "/run/systemd/generator/demo.service.d"
    try Files.makeDirectory(fixture.root + directory, parents: true)
    try fixture.write("\(directory)/zzz.conf", "[Service]\nNice=5\n")
    try fixture.write("/run/systemd/generator/demo.service", "[Service]\n")
    #expect(engage().needsReload)
    #expect(engage() == Engagement())
    #expect(
      try Files.readLink(fixture.root + "/etc/systemd/system.control/demo.service.d/zzz.conf")
        == "/dev/null")
  }

  /// One that has the name of ours is out of effect already, and must not start a fight over it.
  @Test func aSharedDropInOfOurNameChangesNothing() throws {
    _ = engage()
    try Files.makeDirectory(fixture.root + "/run/systemd/system/service.d")
    try fixture.write(
      "/run/systemd/system/service.d/50-protected-by-holdfast.conf", "[Service]\nNice=5\n")
    #expect(damage == [])
    #expect(engage() == Engagement())
  }

  /// The baseline is what the service had, drop-ins of its own included.
  @Test func itsOwnDropInsStay() throws {
    try Files.makeDirectory(fixture.root + "/etc/systemd/system/demo.service.d")
    try fixture.write("/etc/systemd/system/demo.service.d/own.conf", "[Service]\nNice=5\n")
    let before = try fixture.digest()
    var facts = UnitFacts(name: "demo.service")
    facts.loadState = "loaded"
    facts.fragment = "\(fixture.root)/usr/lib/systemd/system/demo.service"
    facts.dropIns = ["\(fixture.root)/etc/systemd/system/demo.service.d/own.conf"]
    let service = try fixture.deriving.define(
      [facts], extra: [], upgrades: .token, addedBy: AddedBy(uid: 0, loginUID: nil, at: 1))
    for shield in fixture.shields { #expect(shield.engage(service).problems == []) }
    #expect(fixture.text("/etc/systemd/system/demo.service.d/own.conf") != nil)
    #expect(throws: SystemError.self) {
      try Files.remove(fixture.root + "/etc/systemd/system/demo.service.d/own.conf")
    }
    // Taken away with its flag and its directory's, it comes back into the immutable directory.
    let path = fixture.root + "/etc/systemd/system/demo.service.d/own.conf"
    for flagged in [path, Files.directory(of: path)] {
      try InodeFlags.setImmutable(flagged, false)
    }
    try Files.remove(path)
    for shield in fixture.shields { #expect(shield.engage(service).problems == []) }
    #expect(fixture.text("/etc/systemd/system/demo.service.d/own.conf") == "[Service]\nNice=5\n")
    for shield in fixture.shields { #expect(shield.inspect(service) == []) }
    for shield in fixture.shields.reversed() { #expect(shield.release(service) == []) }
    #expect(try fixture.digest() == before)
  }

  @Test func theManifestNamesEverythingTheRescueBootHasToUndo() throws {
    let before = Set(try fixture.digest().keys)
    _ = engage()
    let lines = try #require(fixture.text("/state/shields/manifest")).split(separator: "\n")
    for path in Set(try fixture.digest().keys).subtracting(before) {
      #expect(
        lines.contains { $0.split(separator: "\t").dropFirst().first == "\(fixture.root)/\(path)" },
        "\(path)")
    }
    #expect(lines.contains { $0.hasPrefix("saved\t") && $0.contains("demo.prerm") })
  }

  /// What the unit runs of other packages (an interpreter, `kill`) must stay upgradable; what its
  /// own package ships is kept, the script that the interpreter runs included.
  @Test func filesOfOtherPackagesAreLeftAlone() throws {
    let root = fixture.root
    for name in ["interpreter", "demonstrator", "script", "loose", "data"] {
      try fixture.write("/usr/sbin/\(name)", name, mode: 0o755)
    }
    try fixture.write(
      "/var/lib/dpkg/info/demonstrator.list",
      "\(root)/usr/sbin\n\(root)/usr/sbin/demonstrator\n\(root)/usr/sbin/interpreter\n")
    try fixture.write(
      "/var/lib/dpkg/info/demo.list",
      "\(root)/usr/sbin\n\(root)/usr/sbin/script\n"
        + "\(root)/usr/lib/systemd/system\n\(root)/usr/lib/systemd/system/demo.service\n")
    var facts = UnitFacts(name: "demo.service")
    facts.loadState = "loaded"
    facts.fragment = "\(root)/usr/lib/systemd/system/demo.service"
    facts.programs = ["interpreter", "demonstrator", "loose"].map { "\(root)/usr/sbin/\($0)" }
    facts.arguments = ["script", "data"].map { "\(root)/usr/sbin/\($0)" }
    let service = try fixture.deriving.define(
      [facts], extra: [], upgrades: .token, addedBy: AddedBy(uid: 0, loginUID: nil, at: 1))
    #expect(service.package?.name == "demo")
    #expect(service.programs.map(\.path) == ["loose", "script"].map { "\(root)/usr/sbin/\($0)" })
  }

  @Test func aUnitThatIsNotInstalledGetsNoUnitShield() throws {
    var facts = UnitFacts(name: "gone.service")
    facts.loadState = "masked"
    facts.fragment = "/dev/null"
    let service = try fixture.deriving.define(
      [facts], extra: [], upgrades: .token, addedBy: AddedBy(uid: 0, loginUID: nil, at: 1))
    #expect(fixture.unit.placements(service) == [])
    #expect(fixture.unit.engage(service) == Engagement())
  }
}

@Suite struct DropInTests {
  func unit(_ name: String, type: String = "simple", own: [String] = []) -> ProtectedUnit {
    ProtectedUnit(
      name: name, fragment: nil, dropIns: [], links: [], shadows: [], ownDirectories: [],
      type: type, ownEnvironment: own)
  }

  /// systemd refuses to load a oneshot with Restart=always.
  @Test func aOneshotGetsNoRestart() {
    #expect(DropIn.text(unit("a.service")).contains("Restart=always"))
    #expect(!DropIn.text(unit("a.service", type: "oneshot")).contains("Restart="))
  }

  @Test func aSocketGetsNoServiceSection() {
    #expect(!DropIn.text(unit("a.socket")).contains("[Service]"))
    #expect(DropIn.text(unit("a.socket")).contains("RefuseManualStop=yes"))
  }

  @Test func whatTheUnitSetsItselfItKeeps() {
    let text = DropIn.text(unit("a.service", own: ["LD_LIBRARY_PATH"]))
    #expect(text.contains("UnsetEnvironment=LD_PRELOAD LD_AUDIT GLIBC_TUNABLES"))
  }

  /// Its script, told how the daemon ended: only what did not start is looked at.
  @Test(
    arguments: [
      ("signal", "other", "other"), ("exit-code", "other", "right"), ("protocol", "", "right"),
      ("timeout", "right", "right"),
    ])
  func aProgramThatDoesNotStartIsPutBack(result: String, found: String, after: String) throws {
    let directory = "\(NSTemporaryDirectory())/hf-shields-\(UUID().uuidString.prefix(8))"
    try Files.makeDirectory(directory)
    defer { try? Files.removeTree(directory) }
    let (copy, path) = ("\(directory)/copy", "\(directory)/holdfastd")
    try Files.writeAtomically(copy, Array("right".utf8), mode: 0o600, sync: false)
    if !found.isEmpty {
      try Files.writeAtomically(path, Array(found.utf8), mode: 0o700, sync: false)
    }
    let program = KeptFile(
      path: path, hash: SHA256Hash.hex(SHA256Hash.of(Array("right".utf8))), size: 5, mode: 0o755,
      uid: geteuid(), gid: getegid())
    let shell = Process()
    shell.executableURL = URL(filePath: "/bin/sh")
    shell.arguments = ["-c", DropIn.restoring(program, from: copy)]
    shell.environment = ["SERVICE_RESULT": result]
    try shell.run()
    shell.waitUntilExit()
    #expect(try Files.text(path) == after)
    if result != "signal" { #expect(try Files.status(path)?.mode == 0o755) }
  }

  @Test func aScriptIsWrittenAsSystemdReadsIt() {
    let text = DropIn.text(unit("a.service"), afterwards: "stat -c %a $X")
    #expect(text.contains("ExecStopPost=-+/bin/sh -c 'stat -c %%a $$X'\n"))
    #expect(!DropIn.text(unit("a.service")).contains("ExecStopPost="))
  }
}
