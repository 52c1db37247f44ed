internal import AgentToken
internal import ArgumentParser
internal import ClusterClient
internal import JSON

struct WhoAmI: ClientCommand {
  static let configuration = CommandConfiguration(
    commandName: "whoami",
    abstract: "Say who is logged in where, and what they may do.")

  @OptionGroup var options: ClientOptions

  func perform(_ api: APIClient, _ console: Console) async throws(Refusal) {
    let reply = try await api.get(APIPath("me"))
    let account = reply["account"] ?? .null
    let tenants = account["tenants"]?.array.map { $0.compactMap(\.string) }
    let may = reply.texts("permissions").map(Words.apart)
    let scopes = reply.texts("token_scopes")
    let rows = [
      ["tenants", tenants.map { $0.joined(separator: ", ") } ?? "all"],
      ["may", may.isEmpty ? "only look" : may.joined(separator: ", ")],
      ["agent tokens", scopes.isEmpty ? "none" : "scope " + scopes.joined(separator: ", ")],
    ]
    try console.report(
      "\(account.text("name")), \(account.text("role")), cluster \(reply.text("cluster"))\n"
        + Table.text(rows),
      reply.members ?? [])
  }
}
