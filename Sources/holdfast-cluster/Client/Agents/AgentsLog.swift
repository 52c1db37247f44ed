internal import AgentToken
internal import ArgumentParser
internal import ClusterClient
internal import Issuing
internal import JSON
internal import Linux

struct AgentsLog: ClientCommand {
  static let configuration = CommandConfiguration(
    commandName: "log",
    abstract: "Show what an agent's ledger says, as the cluster has it.",
    discussion: "With --raw the records themselves, exactly as the host wrote them, one a line.")

  @OptionGroup var options: ClientOptions

  @Argument(help: ArgumentHelp("Which.", valueName: "AGENT"))
  var agent: String

  @Option(name: .long, help: ArgumentHelp("From this record on.", valueName: "SEQ"))
  var since: Int64?

  @Option(
    name: .long,
    help: ArgumentHelp(
      "At most so many. (default: the last 100, or all --since)", valueName: "NUMBER"))
  var limit: Int?

  @Flag(name: .long, help: "The records as they are.")
  var raw = false

  func validate() throws {
    if let limit, limit < 1 { throw ValidationError("--limit is at least 1.") }
  }

  func perform(_ api: APIClient, _ console: Console) async throws(Refusal) {
    let found = try await AgentLookup.one(agent, api)
    let start =
      since ?? max(0, (found["ledger_records"]?.integer ?? 0) + 1 - Int64(limit ?? 100))
    let list = api.pages(
      APIPath("agents", found.text("id"), "ledger"), limit: limit, cursor: "since", from: start)
    let (items, next) = try await list.collect()
    let lines =
      raw
      ? items.compactMap { $0["record"]?.string }.joined(separator: "\n")
      : Table.text(items.map(row))
    try console.report(
      items.isEmpty ? "There are no records." : lines,
      [
        .init(name: "items", value: .array(items)),
        .init(name: "next", value: next.flatMap { Int64($0) }.map { .integer($0) } ?? .null),
      ])
  }

  private func row(_ item: JSON) -> [String] {
    let record =
      item["record"]?.string.flatMap { try? JSON.parse(Array($0.utf8)) } ?? .null
    let said = ["service", "code", "sub", "reason", "problem", "message"].map(record.text)
      .filter { !$0.isEmpty }
    return [
      item.text("seq"), item.time("time"), item.text("event"), said.joined(separator: ", "),
    ]
  }
}
