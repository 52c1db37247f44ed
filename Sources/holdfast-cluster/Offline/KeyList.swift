internal import AgentToken
internal import ArgumentParser
internal import Issuing
internal import JSON
internal import Linux

struct KeyList: IssuerCommand {
  static let configuration = CommandConfiguration(
    commandName: "list",
    abstract: "List the keys, what each signs, and whether its private part is here.")

  @OptionGroup var options: IssuerOptions

  func perform(_ issuer: Issuer, _ console: Console) throws(Refusal) {
    warn(of: issuer, console)
    let (bundle, keys) = try issuer.listKeys()
    let revoked = bundle.revoked.kids.sorted()
    let table = Table.text(keys.map { row($0) })
    try console.report(
      "\(Describe.bundle(bundle))\n\n\(table)"
        + (revoked.isEmpty ? "" : "\n\n" + Describe.list("Revoked", revoked)),
      Describe.members(bundle) + [
        .init(name: "keys", value: .array(keys.map { json($0) })),
        .init(name: "revoked", value: .array(revoked.map { .string($0) })),
      ])
  }

  private func row(_ key: ListedKey) -> [String] {
    let state =
      switch key.privatePart {
      case .plain: "not sealed"
      case .sealed: "sealed"
      case .absent: "private part not here"
      }
    guard let role = key.role else {
      return [key.kid, "root", key.signsBundles ? "trust bundles" : "nothing yet", "", state]
    }
    return [
      key.kid, role.rawValue,
      Describe.rights(of: role, tenants: key.tenants, loosens: key.loosens),
      key.notAfter.map { "until \(LocalTime.text($0))" } ?? "", state,
    ]
  }

  private func json(_ key: ListedKey) -> JSON {
    var members: [JSON.Member] = [
      .init(name: "kid", value: .string(key.kid)),
      .init(name: "role", value: .string(key.role?.rawValue ?? "root")),
    ]
    if let tenants = key.tenants {
      members.append(.init(name: "tenants", value: .array(tenants.map { .string($0) })))
    }
    if let notAfter = key.notAfter {
      members.append(.init(name: "not_after", value: .integer(notAfter)))
    }
    if key.loosens { members.append(.init(name: "loosens", value: true)) }
    members.append(.init(name: "private", value: .string(key.privatePart.rawValue)))
    return .object(members)
  }
}
