internal import ArgumentParser

struct TokenCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "token",
    abstract: "Agent tokens, which unprotect hosts.",
    subcommands: [TokenIssue.self, TokenRevoke.self])
}
