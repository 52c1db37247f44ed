internal import AgentToken
internal import Issuing
internal import JSON
internal import Linux

/// Words and JSON for what several commands show.
enum Describe {
  /// `cluster and tenant`, or what the two roles without tokens sign.
  static func scopes(of role: Role) -> String {
    Scope.allCases.filter { role.maySign($0) }.map(\.rawValue).joined(separator: " and ")
  }

  /// What keys of a role sign, bound to its tenants where it is.
  static func rights(of role: Role, tenants: [String]?, loosens: Bool) -> String {
    switch role {
    case .cluster:
      loosens ? "profiles, also looser ones, revocations, time" : "profiles, revocations, time"
    case .release: "release manifests"
    default:
      (tenants == nil
        ? scopes(of: role)
        : Scope.allCases.filter { role.maySign($0) && $0 != .cluster }.map(\.rawValue)
          .joined(separator: " and "))
        + " tokens" + (tenants.map { " of " + $0.joined(separator: ", ") } ?? "")
    }
  }

  /// `Cluster eu-prod, trust bundle 3, signed 14:32:10 CET by root-1`
  static func bundle(_ bundle: TrustBundle) -> String {
    "Cluster \(bundle.cluster), trust bundle \(bundle.sequence), "
      + "signed \(LocalTime.text(bundle.issuedAt)) by \(bundle.signer.kid)"
  }

  /// The members that say which bundle is in force.
  static func members(_ bundle: TrustBundle) -> [JSON.Member] {
    [
      .init(name: "cluster", value: .string(bundle.cluster)),
      .init(name: "seq", value: .integer(bundle.sequence)),
      .init(name: "iat", value: .integer(bundle.issuedAt)),
    ]
  }

  static func list(_ title: String, _ items: [String]) -> String {
    "\(title): " + (items.isEmpty ? "none" : items.joined(separator: ", "))
  }

  /// What to do after a change, since hosts learn of it only from the new bundle.
  static func delivery(
    _ bundle: TrustBundle, _ options: IssuerOptions, from: Bool = false
  ) -> String {
    let export = options.program("bundle export") + (from ? " --from SEQ" : "")
    return """
      Hosts know of it once they have trust bundle \(bundle.sequence):
        \(export) --output FILE
        holdfast bundle import FILE                    on each of them
      """
  }
}
