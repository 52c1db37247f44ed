internal import ArgumentParser

struct TokensCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "tokens",
    abstract: "Agent tokens, which unprotect hosts.",
    subcommands: [TokensIssue.self, TokensList.self, TokensShow.self, TokensRevoke.self])
}
