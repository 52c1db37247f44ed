internal import ArgumentParser
internal import Version

struct HoldfastCluster: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "holdfast-cluster",
    abstract: "A cluster: its server, or its keys, trust bundles and agent tokens offline.",
    discussion: """
      An issuer is a directory. Make it on a machine that is not one of the protected hosts:

        holdfast-cluster init --cluster eu-prod --dir eu-prod
        cd eu-prod
        holdfast-cluster root export --output eu-prod.root
        holdfast-cluster bundle export --output eu-prod.bundle

      Take these two files to each host and enrol it there:

        holdfast enroll --bundle eu-prod.bundle --root eu-prod.root --tenant retail

      From then on it takes agent tokens that this issuer signs:

        holdfast-cluster token issue --scope tenant --tenant retail

      With a network, a server does all this and knows its hosts:

        holdfast-cluster serve
      """,
    version: holdfastVersion,
    subcommands: [
      Initialize.self, RootCommand.self, BundleCommand.self, KeyCommand.self, TokenCommand.self,
      ProfileCommand.self, RevocationsCommand.self, TimeCommand.self,
      ReleaseCommand.self, Serve.self,
    ]
  )
}
