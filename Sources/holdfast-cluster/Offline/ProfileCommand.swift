internal import AgentToken
internal import ArgumentParser
internal import HostConfiguration
internal import Issuing
internal import JSON

struct ProfileCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "profile",
    abstract: "Profiles, which say what a host protects and how strictly.",
    subcommands: [ProfileSign.self])
}

struct ProfileSign: IssuerCommand {
  static let configuration = CommandConfiguration(
    commandName: "sign",
    abstract: "Sign a profile for one host, and print it.",
    discussion: """
      FILE has the syntax of holdfast.conf(5), with one [Service] section for each service that it \
      names. What it does not name stays as it is on the host. In [Protection], Enabled=no switches \
      protection off until the next profile; only a profile can.

      On the host: holdfast import FILE. A profile that loosens anything needs --loosens, and a key \
      made with `key add --role cluster --loosens`.
      """)

  @OptionGroup var options: IssuerOptions
  @OptionGroup var signature: ArtefactOptions

  @Argument(help: ArgumentHelp("The settings; - for standard input.", valueName: "FILE"))
  var file: String

  @Option(name: .long, help: ArgumentHelp("The agent that it is for.", valueName: "AGENT"))
  var agent: String

  @Option(
    name: .long,
    help: ArgumentHelp(
      "That agent's enrolment, as `holdfast status --json` says it.", valueName: "ID"))
  var enrolment: String

  @Option(
    name: .customLong("profile-version"),
    help: ArgumentHelp(
      "Higher than that of any before. (default: the seconds since 1970)", valueName: "NUMBER"))
  var number: Int64?

  @Option(
    name: .long,
    help: ArgumentHelp("How long hosts take it, up to 1d. (default: 1d)", valueName: "TIME"))
  var lifetime: SpanArgument?

  @Flag(name: .long, help: "It loosens something, so have it signed by a key that may.")
  var loosens = false

  func perform(_ issuer: Issuer, _ console: Console) throws(Refusal) {
    warn(of: issuer, console)
    let settings = try ProfileFile.read(file)
    let request = ProfileRequest(
      agent: agent, enrolment: enrolment, version: number,
      lifetime: lifetime?.seconds ?? 86_400, settings: settings.json,
      loosens: loosens || !settings.isEnabled, kid: signature.kid)
    let profile = try issuer.sign(
      request, passphrase: signature.passphrases.passphrase(for: issuer))
    try signature.hand(
      profile.text, as: .profile,
      [
        .init(name: "agent", value: .string(agent)),
        .init(name: "version", value: .integer(profile.content.version)),
        .init(name: "kid", value: .string(profile.content.signer.kid)),
      ], console)
    let off = settings.isEnabled ? "" : " It switches protection off."
    console.note(
      "Profile \(profile.content.version) for \(agent), signed by \(profile.content.signer.kid).\(off) "
        + "On that host: holdfast import FILE")
  }
}
