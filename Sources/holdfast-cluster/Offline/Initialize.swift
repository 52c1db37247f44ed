internal import AgentToken
internal import ArgumentParser
internal import Issuing
internal import JSON

struct Initialize: IssuerCommand {
  static let configuration = CommandConfiguration(
    commandName: "init",
    abstract: "Make an issuer: a root key, a key for each role, and the first trust bundle.",
    discussion: """
      Nothing is done where there is an issuer already. Keys are sealed with a passphrase where one \
      is given; without, whoever can read the directory can sign.
      """)

  @OptionGroup var options: IssuerOptions

  @Option(
    name: .long,
    help: ArgumentHelp(
      "The cluster's id: 1 to 128 of A-Z a-z 0-9 . _ : / - (default: a random one)",
      valueName: "ID"))
  var cluster: String?

  @Option(
    name: .long,
    help: ArgumentHelp("Seal the keys with the passphrase in this file.", valueName: "FILE"))
  var passphraseFile: String?

  @Flag(name: .long, help: "Seal the keys with a passphrase that is asked for on the terminal.")
  var passphrase = false

  func validate() throws {
    if passphrase, passphraseFile != nil {
      throw ValidationError("Use either '--passphrase' or '--passphrase-file'.")
    }
  }

  func perform(_ issuer: Issuer, _ console: Console) throws(Refusal) {
    try issuer.checkVacant()
    var chosen: Passphrase?
    if let passphraseFile { chosen = try Passphrase.read(from: passphraseFile) }
    if passphrase { chosen = try PassphrasePrompt.choose("Passphrase for the new keys: ") }
    let bundle = try issuer.create(
      cluster: cluster, passphrase: chosen, waiting: waiting(issuer, console))
    try console.report(
      text(bundle, isSealed: chosen != nil),
      [
        .init(name: "cluster", value: .string(bundle.cluster)),
        .init(name: "seq", value: .integer(bundle.sequence)),
        .init(name: "directory", value: .string(options.directory)),
        .init(name: "sealed", value: .bool(chosen != nil)),
        .init(
          name: "kids",
          value: .array((bundle.roots.map(\.kid) + bundle.keys.map(\.kid)).map { .string($0) })),
      ])
  }

  private func text(_ bundle: TrustBundle, isSealed: Bool) -> String {
    let cluster = bundle.cluster
    let rows =
      bundle.roots.map { [$0.kid, "signs the trust bundle"] }
      + bundle.keys.map { key in
        [key.kid, "signs \(Describe.scopes(of: key.role)) tokens"]
      }
    let file = cluster.utf8.contains(UInt8(ascii: "/")) ? "cluster" : cluster
    let seal =
      isSealed
      ? "The keys are sealed: each signature asks for the passphrase."
      : "The keys are not sealed: whoever reads \(options.directory)/keys can open every host."
    return """
      Made the issuer of cluster \(cluster) in \(options.directory), with trust bundle 1.
      \(Table.text(rows))
      \(seal) Keep a backup of the directory.

      Next, for the hosts:
        \(options.program("root export")) --output \(file).root
        \(options.program("bundle export")) --output \(file).bundle
      and on each of them:
        holdfast enroll --bundle \(file).bundle --root \(file).root --tenant TENANT
      """
  }
}
