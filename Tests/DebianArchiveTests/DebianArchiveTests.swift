import DebianArchive
import Linux
import TestSupport
import Testing

/// Packages made by dpkg-deb, read back.
@Suite struct DebianArchiveTests {
  /// Makes a package from a shell script that fills the current directory.
  private func package(_ fill: String, _ use: (String) throws -> Void) async throws {
    let made = try await HostCommand.run([
      "bash", "-ec",
      """
      top=$(mktemp -d)
      mkdir -p "$top/tree/DEBIAN"
      cd "$top/tree"
      printf '%s\\n' 'Package: demo' 'Version: 1:2.0~rc1-3' 'Architecture: all' \
        'Maintainer: nobody <nobody@example.com>' 'Description: a demo' >DEBIAN/control
      \(fill)
      dpkg-deb --root-owner-group --build . "$top/demo.deb" >/dev/null
      printf %s "$top"
      """,
    ])
    #expect(made.succeeded, "\(made)")
    try use(made.line)
    _ = try await HostCommand.run(["rm", "-rf", made.line])
  }

  /// SHA-256 of `hello\n` and of nothing, as sha256sum(1) has them.
  private let hello = "5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03"
  private let nothing = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

  @Test func filesLinksAndScriptsAreWhatIsInIt() async throws {
    let long = "/usr/share/demo/" + String(repeating: "long-name/", count: 30) + "file"
    try await package(
      """
      mkdir -p usr/bin lib/systemd/system ".\(long.dropLast(5))"
      echo hello >usr/bin/demo
      : >lib/systemd/system/demo.service
      ln -s demo usr/bin/other
      ln usr/bin/demo usr/bin/same
      echo hello >".\(long)"
      echo hello >DEBIAN/preinst
      chmod 755 DEBIAN/preinst
      echo /usr/bin/demo >DEBIAN/conffiles
      """
    ) { top in
      let archive = try DebianArchive(path: "\(top)/demo.deb")
      #expect(archive.name == "demo")
      #expect(archive.version == "1:2.0~rc1-3")
      #expect(archive.architecture == "all")
      #expect(
        archive.files == [
          "/usr/bin/demo": hello, "/usr/bin/same": hello, long: hello,
          "/lib/systemd/system/demo.service": nothing,
        ])
      #expect(archive.links == ["/usr/bin/other": "demo"])
      #expect(archive.scripts == ["preinst": hello])
      #expect(
        archive.differences(
          files: archive.files, links: archive.links, scripts: archive.scripts) == [])
      #expect(
        archive.differences(
          files: ["/usr/bin/demo": nothing, "/usr/bin/same": hello, long: hello, "/a": hello],
          links: [:], scripts: [:]) == [
            "the script preinst is not listed", "/a is listed and not in it",
            "/lib/systemd/system/demo.service is not listed",
            "/usr/bin/demo is another than the listed", "the link /usr/bin/other is not listed",
          ])
      #expect(DebianArchive.label(of: "\(top)/demo.deb")?.version == "1:2.0~rc1-3")
    }
  }

  @Test func whatIsNoPackageIsRefused() async throws {
    try await package("mkdir etc; head -c 300000 /dev/urandom >etc/demo") { top in
      #expect(throws: DebianArchive.Unreadable.self) {
        try DebianArchive(path: "\(top)/tree/DEBIAN/control")
      }
      #expect(throws: DebianArchive.Unreadable.self) { try DebianArchive(path: "\(top)/none.deb") }
      #expect(DebianArchive.label(of: "\(top)/tree") == nil)
    }
  }

  @Test func oneThatWasCutShortIsRefused() async throws {
    try await package("mkdir etc; head -c 300000 /dev/urandom >etc/demo") { top in
      let whole = try Files.read("\(top)/demo.deb")
      try Files.writeAtomically(
        "\(top)/cut.deb", Array(whole.prefix(whole.count / 2)), mode: 0o644, sync: false)
      #expect(throws: DebianArchive.Unreadable.self) { try DebianArchive(path: "\(top)/cut.deb") }
    }
  }
}
