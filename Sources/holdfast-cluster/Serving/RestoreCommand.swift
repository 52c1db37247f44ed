internal import AgentToken
internal import ArgumentParser
internal import ClusterSQLite
internal import JSON
internal import Linux

struct RestoreCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "restore",
    abstract: "Bring a cluster back from a backup.",
    discussion: """
      Stop the server first. Its directory is made anew and then takes the place of the old one, \
      which is kept beside it. Everybody has to log in again. Once agents are back, the server goes \
      on from the highest numbers that they have seen: no host has to be touched.

        systemctl stop holdfast-cluster
        holdfast-cluster restore /backup/cluster-2026-11-20 --replace
        systemctl start holdfast-cluster
      """)

  @OptionGroup var options: DataOptions

  @Flag(name: .long, help: "Set aside what is in the directory.")
  var replace = false

  @Argument(help: "The file that `holdfast-cluster backup` has written.")
  var file: String

  func run() throws {
    try options.perform { (console) throws(Refusal) in
      let old = try DirectoryRestore.restore(
        file, to: options.data, replacing: replace, at: Clock.wall())
      let note = old.map { " What was there before is in \($0): remove it when all is well." } ?? ""
      try console.report(
        "Restored \(options.data) from \(file).\(note)",
        [
          .init(name: "directory", value: .string(options.data)),
          .init(name: "before", value: old.map { .string($0) } ?? .null),
        ])
    }
  }
}
