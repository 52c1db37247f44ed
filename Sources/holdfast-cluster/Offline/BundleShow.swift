internal import AgentToken
internal import ArgumentParser
internal import Issuing
internal import JSON
internal import Linux

struct BundleShow: IssuerCommand {
  static let configuration = CommandConfiguration(
    commandName: "show",
    abstract: "Say what the trust bundle in force says.")

  @OptionGroup var options: IssuerOptions

  func perform(_ issuer: Issuer, _ console: Console) throws(Refusal) {
    let bundle = try issuer.bundle()
    try console.report(
      text(bundle),
      Describe.members(bundle) + [
        .init(name: "signer", value: .string(bundle.signer.kid)),
        .init(name: "keys", value: .array(bundle.keys.map(\.jwk))),
        .init(name: "roots", value: .array(bundle.roots.map(\.jwk))),
        .init(name: "revoked", value: bundle.revoked.json),
      ])
  }

  private func text(_ bundle: TrustBundle) -> String {
    let revoked = bundle.revoked
    var rows = bundle.roots.map { [$0.kid, "root", "trust bundles"] }
    rows += bundle.keys.map { key in
      [
        key.kid, key.role.rawValue,
        Describe.rights(of: key.role, tenants: key.tenants, loosens: key.loosens),
        key.notAfter.map { "until \(LocalTime.text($0))" } ?? "",
      ]
    }
    var lines = ["\(Describe.bundle(bundle))", "", Table.text(rows), ""]
    lines.append(Describe.list("Revoked keys", revoked.kids.sorted()))
    lines.append(Describe.list("Revoked tokens", revoked.jtis.sorted()))
    for (kid, time) in revoked.before.sorted(by: { $0.key < $1.key }) {
      lines.append("Revoked: what \(kid) signed before \(LocalTime.text(time))")
    }
    return lines.joined(separator: "\n")
  }
}
