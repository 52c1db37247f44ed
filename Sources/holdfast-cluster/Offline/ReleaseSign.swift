internal import AgentToken
internal import ArgumentParser
internal import Issuing
internal import JSON

struct ReleaseSign: IssuerCommand {
  static let configuration = CommandConfiguration(
    commandName: "sign",
    abstract: "Sign a release manifest for Debian packages.",
    discussion: """
      It lists every file that they install and every script that they run. On a host that took \
      it, services with Upgrades=signed, and Holdfast itself, are upgraded to exactly these \
      packages without a token: by `holdfast upgrade FILE.deb`, apt or dpkg. Takes a key of the \
      role release.
      """)

  @OptionGroup var options: IssuerOptions
  @OptionGroup var signing: PassphraseOptions

  @Argument(help: ArgumentHelp("The packages.", valueName: "FILE.deb"))
  var packages: [String]

  @Option(name: .long, help: ArgumentHelp("Sign with this key.", valueName: "KID"))
  var kid: String?

  @Option(
    name: .long, help: ArgumentHelp("Write it there, not to standard output.", valueName: "FILE"))
  var output: String?

  func perform(_ issuer: Issuer, _ console: Console) throws(Refusal) {
    let manifest = try issuer.signRelease(
      of: packages, kid: kid, passphrase: signing.passphrase(for: issuer))
    try console.hand(
      manifest.jws + "\n", to: output, mode: 0o644,
      [
        .init(name: "release", value: .string(manifest.jws)),
        .init(name: "kid", value: .string(manifest.signer.kid)),
        .init(name: "packages", value: .array(manifest.packages.map(\.json))),
      ])
    for package in manifest.packages {
      console.note(
        "Released \(package.name) \(package.version) (\(package.architecture)): "
          + "\(package.files.count) files, \(package.scripts.count) scripts.")
    }
    if output != nil { console.note("Hosts take it with: holdfast release FILE") }
  }
}
