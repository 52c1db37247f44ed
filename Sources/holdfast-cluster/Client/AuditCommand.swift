internal import AgentToken
internal import ArgumentParser
internal import ClusterClient
internal import Issuing
internal import JSON
internal import Linux

struct AuditCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "audit",
    abstract: "Who changed what, from where.",
    subcommands: [AuditList.self])
}

struct AuditList: ClientCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "List what was done, the newest first.")

  @OptionGroup var options: ClientOptions

  @Option(
    name: .long, help: ArgumentHelp("At most so many.", valueName: "NUMBER"))
  var limit = 100

  @Option(name: .long, help: ArgumentHelp("Only what is about it.", valueName: "TENANT"))
  var tenant: String?

  @Option(
    name: .long, help: ArgumentHelp("Only what this account did.", valueName: "NAME"))
  var account: String?

  @Option(
    name: .long,
    help: ArgumentHelp("Only what begins with it, such as registration-token.", valueName: "ACTION")
  )
  var action: String?

  @Option(
    name: .long,
    help: ArgumentHelp("Only from then on: a time, or how long ago.", valueName: "TIME"))
  var since: String?

  @Option(
    name: .long,
    help: ArgumentHelp("Only before then: a time, or how long ago.", valueName: "TIME"))
  var until: String?

  func validate() throws {
    for text in [since, until].compactMap({ $0 }) where Self.moment(text) == nil {
      throw ValidationError("'\(text)' is no time such as 2h, 2027-06-30 or '2027-06-30 18:00'.")
    }
    if limit < 1 { throw ValidationError("--limit is at least 1.") }
  }

  func perform(_ api: APIClient, _ console: Console) async throws(Refusal) {
    try await api.show(
      APIPath(
        "audit",
        query: [
          "tenant": tenant, "account": account, "action": action,
          "since": since.flatMap(Self.moment).map(String.init),
          "until": until.flatMap(Self.moment).map(String.init),
        ]), limit: limit, on: console,
      as: ["TIME", "WHO", "FROM", "ACTION", "TENANT", "TARGET"], none: "There is nothing."
    ) {
      [
        $0.time("at"), $0.text("name"), $0.text("source"), $0.text("action"), $0.text("tenant"),
        $0.text("target"),
      ]
    }
  }

  private static func moment(_ text: String) -> Int64? {
    let now = Clock.wall()
    if let span = TimeSpan.seconds(text) { return max(0, now - span) }
    return CivilTime.moment(text, now: now, local: { LocalTime($0).seconds })
  }
}
