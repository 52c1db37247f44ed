internal import ArgumentParser

struct KeyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "key",
    abstract: "The signing keys.",
    subcommands: [KeyAdd.self, KeyList.self, KeyRevoke.self])
}
