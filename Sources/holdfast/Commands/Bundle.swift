import AgentToken
import ArgumentParser

struct Bundle: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Take a newer trust bundle.", subcommands: [Import.self])

  @OptionGroup var options: GlobalOptions

  /// The trust bundles of a file, one on each line.
  static func read(_ path: String) throws(Failure) -> [String] {
    let text = try Input.file(path, limit: 8 << 20)
    let bundles = text.split(whereSeparator: \.isNewline).map { Text.trimmed($0) }
      .filter { !$0.isEmpty }
    guard !bundles.isEmpty else { throw .usage("There is no bundle in \(Text.printable(path))") }
    return bundles
  }

  struct Import: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Take a newer trust bundle: who may sign tokens, and what was revoked.",
      discussion: """
        A file with several bundles, one on each line, is taken in that order: what \
        `holdfast-cluster bundle export --from` writes where a root was replaced.
        """)

    @Argument(
      help: ArgumentHelp("The bundle, or - for standard input.", valueName: "file"),
      completion: .file())
    var file: String

    @OptionGroup var options: GlobalOptions

    func run() throws {
      let bundles = try Bundle.read(file).map { Artefact(type: .bundle, text: $0) }
      try bundles.send(options)
    }
  }

  static func describe(_ reply: Reply, view: View) -> [String] {
    let number = reply.number("seq").map { " \($0)" } ?? ""
    return reply.flag("changed")
      ? [view.paint.good("Taken") + ": trust bundle\(number) is in force."]
      : ["Trust bundle\(number) was in force already."]
  }
}
