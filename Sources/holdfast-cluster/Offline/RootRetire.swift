internal import AgentToken
internal import ArgumentParser
internal import Issuing
internal import JSON

struct RootRetire: IssuerCommand {
  static let configuration = CommandConfiguration(
    commandName: "retire",
    abstract: "Take a root off the list, and remove its private key.",
    discussion: """
      The newest root that stays signs from then on. Hosts that never got a bundle that lists it \
      need the bundles in between: bundle export --from SEQ.
      """)

  @OptionGroup var options: IssuerOptions
  @OptionGroup var signing: PassphraseOptions

  @Argument(help: "The root's id.")
  var kid: String

  func perform(_ issuer: Issuer, _ console: Console) throws(Refusal) {
    let change = try issuer.retireRoot(
      kid, passphrase: signing.passphrase(for: issuer), waiting: waiting(issuer, console))
    try console.report(
      """
      Retired the root \(change.kid). \(change.bundle.signer.kid) signs the trust bundles now.
      \(Describe.delivery(change.bundle, options, from: true))
      New hosts enrol with the new root: \(options.program("root export"))
      """,
      Describe.members(change.bundle) + [.init(name: "kid", value: .string(change.kid))])
  }
}
