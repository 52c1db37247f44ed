internal import AgentToken
internal import ArgumentParser
internal import Issuing
internal import JSON

struct RootAdd: IssuerCommand {
  static let configuration = CommandConfiguration(
    commandName: "add",
    abstract: "Make a second root key, and list it in a new trust bundle.")

  @OptionGroup var options: IssuerOptions
  @OptionGroup var signing: PassphraseOptions

  @Option(name: .long, help: ArgumentHelp("The new root's id.", valueName: "ID"))
  var kid: String?

  func perform(_ issuer: Issuer, _ console: Console) throws(Refusal) {
    let change = try issuer.addRoot(
      kid: kid, passphrase: signing.passphrase(for: issuer), waiting: waiting(issuer, console))
    let signer = change.bundle.signer.kid
    try console.report(
      """
      Made the root \(change.kid). \(signer) signs until it is retired.
      \(Describe.delivery(change.bundle, options))
      Then: \(options.program("root retire \(signer)"))
      """,
      Describe.members(change.bundle) + [.init(name: "kid", value: .string(change.kid))])
  }
}
