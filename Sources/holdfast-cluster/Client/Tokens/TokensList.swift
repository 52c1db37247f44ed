internal import AgentToken
internal import ArgumentParser
internal import ClusterClient
internal import Issuing
internal import JSON

struct TokensList: ClientCommand {
  static let configuration = CommandConfiguration(
    commandName: "list",
    abstract: "List agent tokens that were issued, the newest first, and where they were used.")

  @OptionGroup var options: ClientOptions
  @OptionGroup var list: ListOptions

  @Option(name: .long, help: ArgumentHelp("Only its.", valueName: "TENANT"))
  var tenant: String?

  @Option(
    name: .long, help: ArgumentHelp("Only those for it, by its id in tokens.", valueName: "AGENT"))
  var agent: String?

  @Option(
    name: .long, help: ArgumentHelp("Only those.", valueName: "issued|used|expired|revoked"))
  var status: String?

  func perform(_ api: APIClient, _ console: Console) async throws(Refusal) {
    try await api.show(
      APIPath(
        "agent-tokens", query: ["tenant": tenant, "agent": agent, "status": status]),
      limit: list.limit, on: console,
      as: ["ID", "OPENS", "STATUS", "KEY", "ISSUED", "BY", "EXPIRES", "USED"],
      none: "There are no agent tokens."
    ) {
      [
        $0.text("jti"), TokenWords.opens($0), $0.text("status"), $0.text("kid"),
        $0.time("issued_at"), $0.text("issuer"), $0.time("expires"), TokenWords.uses($0),
      ]
    }
  }
}

enum TokenWords {
  static func opens(_ token: JSON) -> String {
    switch token.text("scope") {
    case "cluster": "cluster"
    case "tenant": "tenant \(token.text("tenant"))"
    default: token.text("agent")
    }
  }

  static func uses(_ token: JSON) -> String {
    let uses = token["uses"]?.array ?? []
    let misused = uses.count { !$0.flag("meant") }
    guard !uses.isEmpty else { return "" }
    return Words.count(uses.count, "host")
      + (misused > 0 ? ", \(misused) it was not meant for" : "")
  }
}

struct TokensShow: ClientCommand {
  static let configuration = CommandConfiguration(
    commandName: "show", abstract: "Show an agent token, without its text, and where it was used.")

  @OptionGroup var options: ClientOptions

  @Argument(help: ArgumentHelp("Its id.", valueName: "JTI"))
  var jti: String

  func perform(_ api: APIClient, _ console: Console) async throws(Refusal) {
    let reply = try await api.get(APIPath("agent-tokens", jti))
    let rows = [
      ["opens", TokenWords.opens(reply)], ["tenant", reply.text("tenant")],
      ["services", reply.texts("services").joined(separator: ", ")],
      ["for", reply["window"]?.integer.map { TimeSpan.text($0) } ?? ""],
      ["key", "\(reply.text("kid")), \(reply.text("role"))"],
      ["answers", reply.flag("answers_challenge") ? "a challenge" : ""],
      ["issued", "\(reply.time("issued_at")) by \(reply.text("issuer"))"],
      ["expires", reply.time("expires")], ["revoked", reply.time("revoked_at")],
    ]
    let uses = (reply["uses"]?.array ?? []).map {
      [
        "used", "\($0.time("at")) on \($0.text("agent")), record \($0.text("record"))",
        $0.flag("meant") ? "" : "it was not meant for it",
      ]
    }
    try console.report(
      "\(reply.text("jti"))  \(reply.text("status"))\n"
        + Table.text(rows.filter { !$0[1].isEmpty } + uses), reply.members ?? [])
  }
}

struct TokensRevoke: ClientCommand {
  static let configuration = CommandConfiguration(
    commandName: "revoke",
    abstract: "Make agent tokens good for nothing on every host that hears of it.")

  @OptionGroup var options: ClientOptions

  @Argument(help: ArgumentHelp("Their ids.", valueName: "JTI"))
  var jtis: [String]

  func perform(_ api: APIClient, _ console: Console) async throws(Refusal) {
    try await api.post(each: jtis.map { APIPath("agent-tokens", $0, "revoke") }, on: console) {
      "Revoked \(Words.count($0.count, "agent token"))."
    }
  }
}
