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
        ownDirectories: ["/etc/d"], type: "notify", ownEnvironment: ["LD_LIBRARY_PATH"]),
      ProtectedUnit(
        name: "demo.socket", fragment: nil, dropIns: [], links: [], shadows: [],
        ownDirectories: [], type: "", ownEnvironment: []),
    ],
    programs: [file], settings: [file],
    package: InstalledPackage(
      name: "demo", version: "1:2.0-3", architecture: "amd64", records: [file], prerm: file,
      prermPath: "/var/lib/dpkg/info/demo.prerm"),
    upgrades: .token, addedBy: AddedBy(uid: 0, loginUID: 1000, at: 1_760_000_000))

  @Test func storedDefinitionsComeBackTheSame() throws {
    let text = Self.definition.json.encoded()
    let back = try #require(ServiceDefinition(json: try JSON.parse(Array(text.utf8))))
    #expect(back == Self.definition)
    var bare = Self.definition
    bare.package = nil
    #expect(ServiceDefinition(json: bare.json) == bare)
  }

  /// A file that lost a member is not half a definition.
  @Test func everyMemberIsNeeded() throws {
    let members = try #require(Self.definition.json.members)
    for index in members.indices where members[index].name != "package" {
      var fewer = members
      fewer.remove(at: index)
      #expect(ServiceDefinition(json: .object(fewer)) == nil, "\(members[index].name)")
    }
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
