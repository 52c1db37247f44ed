internal import ArgumentParser

struct RootCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "root",
    abstract: "The root key, which signs the trust bundles and which hosts pin.",
    discussion: """
      A root is replaced in two steps: `root add` lists a second one, and once the hosts have that \
      bundle, `root retire` takes the first one off. A host that was away gets both bundles with \
      `bundle export --from`.
      """,
    subcommands: [RootExport.self, RootAdd.self, RootRetire.self])
}
