internal import AgentToken
internal import ArgumentParser
internal import JSON

/// Whose key signs what hosts take from anybody, and where it goes.
struct ArtefactOptions: ParsableArguments {
  @OptionGroup var passphrases: PassphraseOptions

  @Option(name: .long, help: ArgumentHelp("Which key signs.", valueName: "ID"))
  var kid: String?

  @Option(
    name: .long, help: ArgumentHelp("Write it there, not to standard output.", valueName: "FILE"))
  var output: String?

  /// - Parameter members: what `--json` says of it besides; itself as well where it is not in a file.
  func hand(
    _ jws: String, as type: ArtefactType, _ members: [JSON.Member], _ console: Console
  ) throws(Refusal) {
    try console.hand(
      jws + "\n", to: output, mode: 0o644,
      (output == nil ? [.init(name: type.verb, value: .string(jws))] : []) + members)
  }
}
