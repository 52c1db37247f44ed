internal import AgentToken
internal import ArgumentParser
internal import Issuing
internal import JSON

struct TokenRevoke: IssuerCommand {
  static let configuration = CommandConfiguration(
    commandName: "revoke",
    abstract: "Revoke a token by its id in a new trust bundle.")

  @OptionGroup var options: IssuerOptions
  @OptionGroup var signing: PassphraseOptions

  @Argument(help: "The token's id, as shown when it was issued, and in a host's ledger.")
  var jti: String

  func perform(_ issuer: Issuer, _ console: Console) throws(Refusal) {
    let (bundle, changed) = try issuer.revokeToken(
      jti, passphrase: signing.passphrase(for: issuer), waiting: waiting(issuer, console))
    let text =
      changed
      ? "Revoked the token \(jti).\n\(Describe.delivery(bundle, options))"
      : "The token \(jti) was revoked already. Nothing was changed."
    try console.report(
      text,
      Describe.members(bundle) + [
        .init(name: "jti", value: .string(jti)), .init(name: "changed", value: .bool(changed)),
      ])
  }
}
