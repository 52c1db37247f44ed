internal import AgentToken
internal import ArgumentParser
internal import Issuing
internal import JSON
internal import Linux

struct KeyAdd: IssuerCommand {
  static let configuration = CommandConfiguration(
    commandName: "add",
    abstract: "Make a signing key, and list it in a new trust bundle.")

  @OptionGroup var options: IssuerOptions
  @OptionGroup var signing: PassphraseOptions

  @Option(
    name: .long,
    help: ArgumentHelp(
      "What it signs: site-admin cluster and tenant tokens, customer-support tenant tokens, "
        + "agent-installer agent tokens, tenant-owner tokens of its own tenant; cluster and "
        + "release sign no tokens.", valueName: "ROLE"))
  var role: Role

  @Option(
    name: .long,
    help: ArgumentHelp(
      "Bind it to this tenant; may be repeated. A tenant-owner needs one.", valueName: "TENANT"))
  var tenant: [String] = []

  @Option(
    name: .long,
    help: ArgumentHelp(
      "When it ends: 365d from now, 2027-06-30, '2027-06-30 18:00', 2027-06-30T18:00:00Z, "
        + "or @ and seconds since the epoch.", valueName: "TIME"))
  var notAfter: String?

  @Flag(name: .long, help: "Let profiles signed by this cluster key loosen protection.")
  var loosens = false

  @Option(
    name: .long,
    help: ArgumentHelp("Its id: 1 to 64 of A-Z a-z 0-9 . _ - (default: ROLE-N)", valueName: "ID"))
  var kid: String?

  func validate() throws {
    if let notAfter, moment(notAfter) == nil {
      throw ValidationError(
        "'\(notAfter)' is no time for '--not-after': write 365d, 2027-06-30 or "
          + "2027-06-30T18:00:00Z.")
    }
  }

  func perform(_ issuer: Issuer, _ console: Console) throws(Refusal) {
    warn(of: issuer, console)
    let request = KeyRequest(
      role: role, tenants: tenant, notAfter: notAfter.flatMap(moment), loosens: loosens, kid: kid)
    try issuer.check(request)
    let change = try issuer.addKey(
      request, passphrase: signing.passphrase(for: issuer), waiting: waiting(issuer, console))
    let rights = Describe.rights(
      of: role, tenants: tenant.isEmpty ? nil : tenant, loosens: loosens)
    let end = request.notAfter.map { ", until \(LocalTime.text($0))" } ?? ""
    try console.report(
      """
      Made the key \(change.kid), which signs \(rights)\(end).
      \(Describe.delivery(change.bundle, options))
      """,
      Describe.members(change.bundle) + [.init(name: "kid", value: .string(change.kid))])
  }

  private func moment(_ text: String) -> Int64? {
    CivilTime.moment(text, now: Clock.wall(), local: { LocalTime($0).seconds })
  }
}
