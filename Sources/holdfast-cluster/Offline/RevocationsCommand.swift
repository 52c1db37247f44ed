internal import AgentToken
internal import ArgumentParser
internal import Issuing
internal import JSON

struct RevocationsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "revocations",
    abstract: "Lists of what is revoked, signed by an online key while the root stays offline.",
    subcommands: [RevocationsSign.self])
}

struct RevocationsSign: IssuerCommand {
  static let configuration = CommandConfiguration(
    commandName: "sign",
    abstract: "Revoke keys and tokens, and print the list for hosts to import.",
    discussion: """
      Each list holds what those before it held, so the newest is enough for a host. What the trust \
      bundle itself revokes, with `key revoke` and `token revoke`, is left out. On each host:

        holdfast import FILE
      """)

  @OptionGroup var options: IssuerOptions
  @OptionGroup var signature: ArtefactOptions

  @Option(
    name: .long, help: ArgumentHelp("Revoke this key; may be repeated.", valueName: "ID"))
  var key: [String] = []

  @Option(
    name: .long,
    help: ArgumentHelp("Revoke this token, by its id; may be repeated.", valueName: "JTI"))
  var token: [String] = []

  @Option(
    name: .long,
    help: ArgumentHelp(
      "Revoke what this key signed until now; may be repeated.", valueName: "ID"))
  var untilNow: [String] = []

  func perform(_ issuer: Issuer, _ console: Console) throws(Refusal) {
    warn(of: issuer, console)
    let now = issuer.now
    let asked = Revocations(
      kids: Set(key), jtis: Set(token),
      before: Dictionary(untilNow.map { ($0, now) }, uniquingKeysWith: { first, _ in first }))
    let list = try issuer.sign(
      asked, kid: signature.kid, passphrase: signature.passphrases.passphrase(for: issuer),
      waiting: waiting(issuer, console))
    try signature.hand(
      list.text, as: .revocations,
      [
        .init(name: "seq", value: .integer(list.content.sequence)),
        .init(name: "kid", value: .string(list.content.kid)),
        .init(name: "revoked", value: list.content.revoked.json),
      ], console)
    console.note(
      "List \(list.content.sequence) of revocations, with \(list.content.revoked.count) in all, signed by \(list.content.kid). "
        + "On each host: holdfast import FILE")
  }
}
