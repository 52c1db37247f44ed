internal import ArgumentParser
internal import Version

struct HoldfastCluster: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "holdfast-cluster",
    abstract: "A Holdfast cluster: serve it, ask it, or make its keys and tokens without a server.",
    discussion: """
      With a network, a server knows its hosts. The first time it says what to log in with:

        holdfast-cluster serve

      Log in to it once, and ask it for what you may have:

        holdfast-cluster login --cluster https://holdfast.example:8443 --fingerprint F ana
        holdfast-cluster registration-tokens create --tenant retail
        holdfast-cluster agents list
        holdfast-cluster tokens issue --agent web-03

      Without a network, an issuer is a directory. Make it on a machine that is not one of the \
      protected hosts:

        holdfast-cluster init --cluster eu-prod --dir eu-prod
        cd eu-prod
        holdfast-cluster root export --output eu-prod.root
        holdfast-cluster bundle export --output eu-prod.bundle

      Take these two files to each host and enrol it there:

        holdfast enroll --bundle eu-prod.bundle --root eu-prod.root --tenant retail

      From then on it takes agent tokens that this issuer signs:

        holdfast-cluster token issue --scope tenant --tenant retail
      """,
    version: holdfastVersion,
    groupedSubcommands: [
      CommandGroup(
        name: "Server", subcommands: [Serve.self, BackupCommand.self, RestoreCommand.self]),
      CommandGroup(
        name: "Client",
        subcommands: [
          Login.self, Logout.self, WhoAmI.self, TenantsCommand.self, AccountsCommand.self,
          RegistrationTokensCommand.self, AgentsCommand.self, TokensCommand.self,
          ProfilesCommand.self, AlarmsCommand.self, AuditCommand.self, TrustCommand.self,
        ]),
      CommandGroup(
        name: "Offline",
        subcommands: [
          Initialize.self, RootCommand.self, BundleCommand.self, KeyCommand.self,
          TokenCommand.self, ProfileCommand.self, RevocationsCommand.self, TimeCommand.self,
          ReleaseCommand.self,
        ]),
    ]
  )
}
