import ArgumentParser

struct Import: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Take what the cluster signed: bundles, profiles, revocations, times, releases.",
    discussion: """
      What a file holds is seen from the file itself; several things stand on a line each. Trust \
      bundles are taken first, because the rest may be signed by their keys.
      """)

  @Argument(
    help: ArgumentHelp("What to take, or - for standard input.", valueName: "file"),
    completion: .file())
  var files: [String]

  @OptionGroup var options: GlobalOptions

  func run() throws {
    var artefacts: [Artefact] = []
    for file in files { artefacts += try Artefact.read(file) }
    try artefacts.send(options)
  }
}
