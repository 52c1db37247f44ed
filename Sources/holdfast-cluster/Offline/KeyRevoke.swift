internal import AgentToken
internal import ArgumentParser
internal import Issuing
internal import JSON

struct KeyRevoke: IssuerCommand {
  static let configuration = CommandConfiguration(
    commandName: "revoke",
    abstract: "Revoke a signing key in a new trust bundle, and remove its private part.",
    discussion: "There is no way back: its id is never used again. Make a new key instead.")

  @OptionGroup var options: IssuerOptions
  @OptionGroup var signing: PassphraseOptions

  @Argument(help: "The key's id.")
  var kid: String

  func perform(_ issuer: Issuer, _ console: Console) throws(Refusal) {
    let change = try issuer.revokeKey(
      kid, passphrase: signing.passphrase(for: issuer), waiting: waiting(issuer, console))
    let text =
      change.changed
      ? "Revoked the key \(kid).\n\(Describe.delivery(change.bundle, options))"
      : "The key \(kid) was revoked already. Nothing was changed."
    try console.report(
      text,
      Describe.members(change.bundle) + [
        .init(name: "kid", value: .string(kid)),
        .init(name: "changed", value: .bool(change.changed)),
      ])
  }
}
