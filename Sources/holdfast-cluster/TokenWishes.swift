internal import ArgumentParser

/// What may be asked of an agent token, of the cluster as of the issuer beside it.
struct TokenWishes: ParsableArguments {
  @Option(
    name: .long,
    help: ArgumentHelp(
      "The challenge that it answers, as the host shows it, or - for standard input.",
      valueName: "TEXT"))
  var challenge: String?

  @Flag(
    name: .long,
    help: "The host has begun a new ledger, and I know why: forget what is known of the old one.")
  var reinstalled = false

  @Option(
    name: .long,
    help: ArgumentHelp(
      "How long the host stays open, 1m to 1d; its profile may allow less.", valueName: "TIME"))
  var window: SpanArgument?

  @Option(
    name: .long,
    help: ArgumentHelp(
      "Open only this unit; may be repeated, up to 16 times.", valueName: "UNIT"))
  var service: [String] = []

  @Option(
    name: .long,
    help: ArgumentHelp(
      "How long the token can be used, up to 15m. (default: 15m)", valueName: "TIME"))
  var lifetime: SpanArgument?

  func validate() throws {
    if reinstalled, challenge == nil {
      throw ValidationError("--reinstalled is about the host of a --challenge.")
    }
  }
}
