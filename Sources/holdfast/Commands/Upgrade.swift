import ArgumentParser

/// Asked by the script that stands in for a protected package's prerm, not by people.
struct Upgrade: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Let a running dpkg upgrade a package whose services have Upgrades=any.",
    shouldDisplay: false)

  @Argument(help: "The package.")
  var package: String

  @OptionGroup var options: GlobalOptions

  func run() throws {
    let request = try Request("upgrade").adding(package, name: "the package's name")
    try options.perform(request) { _, _ in [] }
  }
}
