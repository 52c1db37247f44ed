internal import ArgumentParser

struct BundleCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bundle",
    abstract: "The trust bundle, which tells hosts the keys and what is revoked.",
    subcommands: [BundleExport.self, BundleShow.self])
}
