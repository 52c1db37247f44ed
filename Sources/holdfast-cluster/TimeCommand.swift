internal import AgentToken
internal import ArgumentParser
internal import Cluster
internal import JSON
internal import Linux

struct TimeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "time",
    abstract: "Signed time, for hosts that do not trust their clock.",
    subcommands: [TimeSign.self])
}

struct TimeSign: IssuerCommand {
  static let configuration = CommandConfiguration(
    commandName: "sign",
    abstract: "Answer a host's challenge with the time here, and print that.",
    discussion: """
      The host takes it within 15 minutes of its challenge: holdfast import FILE. It opens nothing; \
      it only tells the host what time it is. Is this machine's clock right?
      """)

  @OptionGroup var options: IssuerOptions
  @OptionGroup var signing: PassphraseOptions

  @Option(name: .long, help: ArgumentHelp("The agent that asks.", valueName: "AGENT"))
  var agent: String

  @Option(
    name: .long,
    help: ArgumentHelp(
      "The nonce of its challenge, as `holdfast challenge --json` says it.", valueName: "NONCE"))
  var nonce: String

  @Option(name: .long, help: ArgumentHelp("Which key signs.", valueName: "ID"))
  var kid: String?

  @Option(
    name: .long, help: ArgumentHelp("Write it there, not to standard output.", valueName: "FILE"))
  var output: String?

  func perform(_ issuer: Issuer, _ console: Console) throws(Refusal) {
    warn(of: issuer, console)
    let time = try issuer.signTime(
      agent: agent, nonce: nonce, kid: kid, passphrase: signing.passphrase(for: issuer))
    try console.hand(
      time.text + "\n", to: output, mode: 0o644,
      (output == nil ? [.init(name: "time", value: .string(time.text))] : []) + [
        .init(name: "agent", value: .string(agent)),
        .init(name: "iat", value: .integer(time.content.issuedAt)),
        .init(name: "kid", value: .string(time.content.kid)),
      ])
    console.note(
      "The time is \(LocalTime.text(time.content.issuedAt)), signed by \(time.content.kid) for \(agent)."
    )
  }
}
