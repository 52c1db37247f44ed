import ArgumentParser
import HostConfiguration
import JSON

struct Config: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Look at the configuration.", subcommands: [Validate.self])

  @OptionGroup var options: GlobalOptions

  struct Validate: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Check the configuration's files with the daemon's own code.",
      discussion: """
        Needs no daemon. Names file, line and key of everything that is wrong; exit status 1 where \
        anything is.
        """)

    @Argument(help: "The folder with holdfast.conf in it.", completion: .directory)
    var directory = "/etc/holdfast"

    @OptionGroup var options: GlobalOptions

    func run() throws {
      let files = try ConfigurationFiles.read(directory)
      let reading = Settings.read(files.sources)
      let issues = files.issues + reading.issues
      if options.json {
        Console.print([Self.json(issues, files: files.sources.count).encoded()])
      } else {
        Console.print(issues.map { Text.printable($0.description) })
      }
      guard issues.isEmpty else {
        let problems = Text.count(issues.count, "problem")
        throw Failure(.refused, options.json ? nil : "\(problems) in \(Text.printable(directory))")
      }
      if !options.json { Console.print([summary(files.sources.count, reading.guards)]) }
    }

    private func summary(_ count: Int, _ guards: [GuardSettings]) -> String {
      let directory = Text.printable(directory)
      guard count > 0 else { return "There is no file in \(directory): the defaults hold." }
      let units = guards.map { UnitArgument.short($0.unit) }.joined(separator: ", ")
      return "\(Text.count(count, "file")) in \(directory), no problem."
        + (units.isEmpty ? "" : " Services: \(units).")
    }

    private static func json(_ issues: [ConfigurationIssue], files: Int) -> JSON {
      let list = issues.map { issue -> JSON in
        [
          "file": .string(issue.file), "line": .integer(Int64(issue.line)),
          "key": issue.key.map(JSON.string) ?? .null, "message": .string(issue.message),
        ]
      }
      return [
        "ok": .bool(issues.isEmpty), "files": .integer(Int64(files)), "issues": .array(list),
      ]
    }
  }
}
