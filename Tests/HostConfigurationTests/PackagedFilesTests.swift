import FoundationEssentials
import Testing

@testable import HostConfiguration

/// The files that are installed in /etc/holdfast say what is true.
@Suite struct PackagedFilesTests {
  private func text(_ name: String) throws -> String {
    let root = URL(filePath: #filePath)
      .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    return try String(
      contentsOf: root.appending(path: "packaging/etc/\(name)"), encoding: .utf8)
  }

  @Test func theMinimalFileChangesNothing() throws {
    #expect(try Settings.parse([main(text("holdfast.conf"))]).settings == .standard)
  }

  @Test func theFullExampleNamesEverySettingWithItsDefault() throws {
    let example = try text("holdfast.conf.full.example")
    #expect(try Settings.parse([main(example)]).settings == .standard)

    // With the settings switched on, each is there once and says the default.
    let lines = example.split(separator: "\n", omittingEmptySubsequences: false)
    let switchedOn = lines.map { line in
      let isSetting = line.hasPrefix("#") && line.dropFirst().first?.isUppercase == true
      return isSetting ? line.dropFirst() : line
    }.joined(separator: "\n")
    #expect(try Settings.parse([main(switchedOn)]).settings == .standard)
    for section in Schema.settings.sections {
      for setting in section.settings {
        #expect(switchedOn.contains("\n\(setting.name)="), "\(setting.name) is missing")
      }
    }
  }

  @Test func theReadmeShowsAServiceFileThatIsRight() throws {
    let readme = try text("services.d/README")
    let example = readme.split(separator: "\n", omittingEmptySubsequences: false)
      .filter { $0.hasPrefix("    ") }.map { $0.dropFirst(4) }.joined(separator: "\n")
    let guards = try Settings.parse([service(example)]).guards
    #expect(guards.count == 1)
  }
}
