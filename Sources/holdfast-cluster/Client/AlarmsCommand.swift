internal import AgentToken
internal import ArgumentParser
internal import ClusterClient
internal import JSON

struct AlarmsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "alarms",
    abstract: "What somebody has to look at.",
    subcommands: [AlarmsList.self, AlarmsAcknowledge.self])
}

struct AlarmsList: ClientCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "List alarms that nobody acknowledged, the newest first.")

  @OptionGroup var options: ClientOptions
  @OptionGroup var list: ListOptions

  @Flag(name: .long, help: "Also those that somebody did.")
  var all = false

  func perform(_ api: APIClient, _ console: Console) async throws(Refusal) {
    try await api.show(
      APIPath("alarms", query: ["open": all ? nil : "true"]), limit: list.limit, on: console,
      as: ["ID", "TIME", "TENANT", "AGENT", "ALARM", "", ""], none: "There are no alarms."
    ) {
      [
        $0.text("id"), $0.time("at"), $0.text("tenant"), $0.text("agent"), $0.text("kind"),
        $0.text("message"),
        $0["acknowledged_at"]?.isNull ?? true ? "" : "seen by \($0.text("acknowledged_by"))",
      ]
    }
  }
}

struct AlarmsAcknowledge: ClientCommand {
  static let configuration = CommandConfiguration(
    commandName: "acknowledge", abstract: "Say that somebody looked at alarms.")

  @OptionGroup var options: ClientOptions

  @Argument(help: ArgumentHelp("Their ids.", valueName: "ID"))
  var ids: [String]

  func perform(_ api: APIClient, _ console: Console) async throws(Refusal) {
    try await api.post(each: ids.map { APIPath("alarms", $0, "acknowledge") }, on: console) {
      "Acknowledged \(Words.count($0.count, "alarm"))."
    }
  }
}
