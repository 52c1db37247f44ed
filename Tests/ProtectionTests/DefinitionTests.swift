import JSON
import Protection
import Testing

@Suite struct DefinitionTests {
  static let file = KeptFile(
    path: "/usr/sbin/demo", hash: String(repeating: "a", count: 64), size: 12, mode: 0o4755, uid: 0,
    gid: 7)
  static let definition = ServiceDefinition(
    unit: "demo.service", description: "Demo “agent”",
    units: [
      ProtectedUnit(
        name: "demo.service", fragment: file, dropIns: [file],
        links: [KeptLink(path: "/etc/x", target: "../y")], shadows: ["/run/s"],
        ownDirectories: ["/etc/d"], type: "notify", ownEnvironment: ["LD_LIBRARY_PATH"],
        aliases: ["other.service"]),
      ProtectedUnit(
        name: "demo.socket", fragment: nil, dropIns: [], links: [], shadows: [],
        ownDirectories: [], type: "", ownEnvironment: []),
    ],
    programs: [file], settings: [file],
    package: InstalledPackage(
      name: "demo", version: "1:2.0-3", architecture: "amd64", records: [file], prerm: file,
      prermPath: "/var/lib/dpkg/info/demo.prerm"),
    upgrades: .any, addedBy: AddedBy(uid: 0, loginUID: 1000, at: 1_760_000_000),
    logs: ["/var/log/demo/*.log"], allowSignals: ["HUP"])

  /// Members that came later: a definition from before is still one.
  static let later: Set = ["package", "logs", "allow_signals", "mounts", "offered"]

  @Test func storedDefinitionsComeBackTheSame() throws {
    let text = Self.definition.json.encoded()
    let back = try #require(ServiceDefinition(json: try JSON.parse(Array(text.utf8))))
    #expect(back == Self.definition)
    var bare = Self.definition
    bare.package = nil
    #expect(ServiceDefinition(json: bare.json) == bare)
    // With what a signed upgrade goes back to.
    var upgraded = Self.definition
    upgraded.offered = "1:2.1-1"
    upgraded.signedUpgrade = .to(version: "1:2.1-1", from: bare)
    #expect(ServiceDefinition(json: upgraded.json) == upgraded)
    #expect(upgraded.isOpenToPackage)
  }

  @Test func policiesAreOrderedByStrictness() {
    #expect(UpgradePolicy.allCases.sorted() == [.token, .signed, .any])
  }

  /// A file that lost a member is not half a definition.
  @Test func everyMemberIsNeeded() throws {
    let members = try #require(Self.definition.json.members)
    for index in members.indices where !Self.later.contains(members[index].name) {
      var fewer = members
      fewer.remove(at: index)
      #expect(ServiceDefinition(json: .object(fewer)) == nil, "\(members[index].name)")
    }
  }

  @Test(arguments: [
    ("ssh.service", true), ("ssh@0-10.0.0.1:22.service", true), ("getty@tty1.service", true),
    ("systemd-networkd.service", true), ("ifup@eth0.service", true), ("dbus.service", true),
    ("filebeat.service", false), ("sshguard.service", false), ("cron.service", false),
    ("my@ssh.service", false), ("systemdoctor.service", false),
  ])
  func whatAHostNeedsIsKnownByName(unit: String, isEssential: Bool) {
    #expect((EssentialUnits.purpose(of: unit) != nil) == isEssential)
  }

  @Test func anInstanceHasATemplate() {
    #expect(UnitPaths.template(of: "foo@a.b.service") == "foo@.service")
    #expect(UnitPaths.template(of: "foo.service") == nil)
  }

  @Test func sharedDropInDirectoriesFollowSystemd() {
    // systemd.unit(5): "foo-bar-baz.service" → "foo-bar-.service.d", "foo-.service.d", "service.d".
    #expect(
      UnitPaths.sharedDropInDirectories(of: "foo-bar-baz.service")
        == ["foo-bar-.service.d", "foo-.service.d", "service.d"])
    #expect(UnitPaths.sharedDropInDirectories(of: "foo.socket") == ["socket.d"])
    #expect(
      UnitPaths.sharedDropInDirectories(of: "foo-a@b-c.service")
        == ["foo-a@.service.d", "foo-.service.d", "service.d"])
  }
}
