internal import AgentToken
internal import ArgumentParser
internal import ClusterClient
internal import JSON
internal import Linux

struct AgentsList: ClientCommand {
  static let configuration = CommandConfiguration(
    commandName: "list",
    abstract: "List agents, whether they are connected, and how they stand.")

  @OptionGroup var options: ClientOptions
  @OptionGroup var list: ListOptions

  @Option(name: .long, help: ArgumentHelp("Only its.", valueName: "TENANT"))
  var tenant: String?

  @Option(
    name: .long, help: ArgumentHelp("Only those.", valueName: "pending|active|retired"))
  var state: String?

  @Option(
    name: .long,
    help: ArgumentHelp(
      "As they last said: protected, unprotected, degraded, unmanaged.", valueName: "STATE"))
  var protection: String?

  @Option(name: .long, help: ArgumentHelp("Only those that have it.", valueName: "NAME=VALUE"))
  var label: String?

  @Flag(name: .long, help: "Only those that are.")
  var connected = false

  @Flag(name: .long, help: "Only those that are not connected.")
  var disconnected = false

  @Option(
    name: .long, help: ArgumentHelp("Part of an id or a host name.", valueName: "TEXT"))
  var search: String?

  func validate() throws {
    if connected, disconnected {
      throw ValidationError("Use either '--connected' or '--disconnected'.")
    }
  }

  func perform(_ api: APIClient, _ console: Console) async throws(Refusal) {
    try await api.show(
      APIPath(
        "agents",
        query: [
          "tenant": tenant, "state": state, "protection": protection, "label": label,
          "connected": connected ? "true" : disconnected ? "false" : nil, "q": search,
        ]), limit: list.limit, on: console,
      as: [
        "AGENT", "TENANT", "HOST NAME", "LINK", "PROTECTION", "PROFILE", "VERSION", "LABELS", "",
      ],
      none: "There are no agents."
    ) {
      [
        $0.text("agent"), $0.text("tenant"), $0.text("hostname"), AgentWords.link($0),
        $0["protection"]?.isNull ?? true ? "unknown" : $0.text("protection"),
        AgentWords.profile($0), $0.text("version"), AgentWords.labels($0),
        AgentWords.remark($0),
      ]
    }
  }
}

/// What several commands say of an agent.
enum AgentWords {
  static func link(_ agent: JSON) -> String {
    if agent.flag("connected") { return "connected" }
    return agent["last_seen"]?.integer.map { "seen \(LocalTime.text($0))" } ?? "never seen"
  }

  /// The version that it runs, and the one that it is to run where that is another.
  static func profile(_ agent: JSON) -> String {
    let runs = agent["profile_version"]?.integer ?? 0
    let sent = agent["profile_sent"]?.integer ?? 0
    if runs == 0, sent == 0 { return "none" }
    return runs == sent || sent == 0 ? "\(runs)" : "\(runs), \(sent) is on its way"
  }

  static func labels(_ agent: JSON) -> String {
    (agent["labels"]?.members ?? [])
      .map { "\(Words.plain($0.name))=\(Words.plain($0.value.string ?? ""))" }
      .joined(separator: " ")
  }

  static func remark(_ agent: JSON) -> String {
    if !(agent["clone_of"]?.isNull ?? true) { return "a clone" }
    let state = agent.text("state")
    return state == "active" ? "" : state
  }
}
