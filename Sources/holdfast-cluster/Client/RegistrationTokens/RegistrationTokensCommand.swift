internal import ArgumentParser

struct RegistrationTokensCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "registration-tokens",
    abstract: "What hosts enrol with.",
    subcommands: [
      RegistrationTokensList.self, RegistrationTokensCreate.self, RegistrationTokensShow.self,
      RegistrationTokensReveal.self, RegistrationTokensRevoke.self, RegistrationTokensDelete.self,
    ])
}
