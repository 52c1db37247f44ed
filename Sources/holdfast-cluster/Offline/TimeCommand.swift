internal import AgentToken
internal import ArgumentParser
internal import Issuing
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
  @OptionGroup var signature: ArtefactOptions

  @Option(
    name: .long,
    help: ArgumentHelp(
      "The challenge, as the host shows it, or - for standard input.", valueName: "TEXT"))
  var challenge: String?

  @Option(
    name: .long, help: ArgumentHelp("Instead of it: the agent that asks.", valueName: "AGENT"))
  var agent: String?

  @Option(
    name: .long,
    help: ArgumentHelp(
      "And the nonce of its challenge, as `holdfast challenge --json` says it.",
      valueName: "NONCE"))
  var nonce: String?

  func validate() throws {
    let isWhole = challenge != nil ? agent == nil && nonce == nil : agent != nil && nonce != nil
    guard isWhole else {
      throw ValidationError("Give --challenge, or both --agent and --nonce.")
    }
  }

  func perform(_ issuer: Issuer, _ console: Console) throws(Refusal) {
    warn(of: issuer, console)
    let asked = try challenge.map { (text) throws(Refusal) in
      try ChallengeInput.read(text, console)
    }
    if let asked {
      let cluster = try issuer.bundle().cluster
      guard asked.identity.cluster == cluster else {
        throw Refusal(
          .wrongCluster,
          "the challenge comes from a host of the cluster \(asked.identity.cluster.quoted()), this "
            + "issuer is for \(cluster.quoted())")
      }
    }
    let agent = asked?.identity.agent ?? agent ?? ""
    let time = try issuer.signTime(
      agent: agent, nonce: asked?.nonce ?? nonce ?? "", kid: signature.kid,
      passphrase: signature.passphrases.passphrase(for: issuer))
    try signature.hand(
      time.text, as: .time,
      [
        .init(name: "agent", value: .string(agent)),
        .init(name: "iat", value: .integer(time.content.issuedAt)),
        .init(name: "kid", value: .string(time.content.kid)),
      ], console)
    if let asked {
      let doubts = ChallengeDoubts(asked, now: Clock.wall())
      let warnings = issuer.remember(
        asked, reinstalled: false, waiting: waiting(issuer, console))
      for word in doubts.words(warnings) { console.note(word) }
    }
    console.note(
      "The time is \(LocalTime.text(time.content.issuedAt)), signed by \(time.content.kid) for \(agent)."
    )
  }
}
