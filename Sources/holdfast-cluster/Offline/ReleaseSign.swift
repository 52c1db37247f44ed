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
  @OptionGroup var signature: ArtefactOptions

  @Argument(help: ArgumentHelp("The packages.", valueName: "FILE.deb"))
  var packages: [String]

  func perform(_ issuer: Issuer, _ console: Console) throws(Refusal) {
    let manifest = try issuer.signRelease(
      of: packages, kid: signature.kid, passphrase: signature.passphrases.passphrase(for: issuer))
    try signature.hand(
      manifest.jws, as: .release,
      [
        .init(name: "kid", value: .string(manifest.signer.kid)),
        .init(name: "packages", value: .array(manifest.packages.map(\.json))),
      ], console)
    for package in manifest.packages {
      console.note(
        "Released \(package.name) \(package.version) (\(package.architecture)): "
          + "\(package.files.count) files, \(package.scripts.count) scripts.")
    }
    if signature.output != nil { console.note("Hosts take it with: holdfast release FILE") }
  }
}
