internal import AgentToken
internal import ArgumentParser
internal import ClusterSQLite
internal import JSON

struct BackupCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "backup",
    abstract: "Write all of a cluster to one file, while its server goes on.",
    discussion: """
      The file holds the cluster's keys and all that it knows. Keep it as you keep those: whoever \
      has it can sign for the cluster.

        holdfast-cluster backup /backup/cluster-$(date +%F)
      """)

  @OptionGroup var options: DataOptions

  @Argument(help: "The file, which is not there yet.")
  var file: String

  func run() throws {
    try options.perform { (console) throws(Refusal) in
      let count = try DirectoryBackup.write(options.data, to: file)
      try console.report(
        "Wrote \(file): the database, and \(count) other files of \(options.data).",
        [
          .init(name: "output", value: .string(file)),
          .init(name: "files", value: .integer(Int64(count))),
        ])
    }
  }
}
