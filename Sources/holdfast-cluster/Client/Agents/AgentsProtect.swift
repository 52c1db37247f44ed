internal import AgentToken
internal import ArgumentParser
internal import ClusterClient
internal import JSON

struct AgentsProtect: ClientCommand {
  static let configuration = CommandConfiguration(
    commandName: "protect",
    abstract: "Have agents end what is unprotected on them, now.")

  @OptionGroup var options: ClientOptions

  @Argument(help: ArgumentHelp("Which.", valueName: "AGENT"))
  var agents: [String]

  func perform(_ api: APIClient, _ console: Console) async throws(Refusal) {
    let found = try await AgentLookup.several(agents, api)
    let reply = try await api.post(
      APIPath("agents", "protect"), ["agents": .texts(found.map { $0.text("id") })])
    let outcomes = reply["items"]?.array ?? []
    let rows = outcomes.map { outcome in
      [
        found.first { $0["id"] == outcome["agent"] }?.text("agent") ?? outcome.text("agent"),
        outcome.flag("connected") ? "told" : "not connected: protects itself when it connects",
      ]
    }
    try console.report(Table.text(rows), reply.members ?? [])
  }
}

struct AgentsRetire: ClientCommand {
  static let configuration = CommandConfiguration(
    commandName: "retire",
    abstract: "Take agents out of service.",
    discussion: """
      The cluster does not know them any more; the hosts stay protected, until they are enrolled \
      again or opened with a token.
      """)

  @OptionGroup var options: ClientOptions
  @OptionGroup var confirmation: ConfirmationOptions

  @Argument(help: ArgumentHelp("Which.", valueName: "AGENT"))
  var agents: [String]

  func perform(_ api: APIClient, _ console: Console) async throws(Refusal) {
    let found = try await AgentLookup.several(agents, api)
    try confirmation.confirm("Retire \(Self.names(found))?", console)
    try await api.post(
      each: found.map { APIPath("agents", $0.text("id"), "retire") }, on: console
    ) { "Retired \(Self.names($0))." }
  }

  private static func names(_ agents: [JSON]) -> String {
    agents.map { "\($0.text("agent")) of \($0.text("tenant"))" }.joined(separator: ", ")
  }
}
