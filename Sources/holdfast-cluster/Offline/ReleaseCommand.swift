internal import ArgumentParser

struct ReleaseCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "release",
    abstract: "Release manifests: what packages may be upgraded to without an agent token.",
    subcommands: [ReleaseSign.self])
}
