internal import AgentToken
internal import ArgumentParser
internal import ClusterClient
internal import JSON

struct TenantsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "tenants",
    abstract: "Customers, or teams, that hosts belong to.",
    subcommands: [TenantsList.self, TenantsCreate.self, TenantsRename.self, TenantsDelete.self])
}

struct TenantsList: ClientCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "List the tenants that you see.")

  @OptionGroup var options: ClientOptions
  @OptionGroup var list: ListOptions

  func perform(_ api: APIClient, _ console: Console) async throws(Refusal) {
    try await api.show(
      APIPath("tenants"), limit: list.limit, on: console, as: ["TENANT", "NAME", "SINCE"],
      none: "There are no tenants."
    ) { [$0.text("id"), $0.text("name"), $0.time("created_at")] }
  }
}

struct TenantsCreate: ClientCommand {
  static let configuration = CommandConfiguration(
    commandName: "create", abstract: "Add a tenant.")

  @OptionGroup var options: ClientOptions

  @Argument(
    help: ArgumentHelp(
      "As it will stand in tokens; it cannot be changed later.", valueName: "TENANT"))
  var id: String

  @Option(
    name: .long, help: ArgumentHelp("For people. (default: the id)", valueName: "NAME"))
  var name: String?

  func perform(_ api: APIClient, _ console: Console) async throws(Refusal) {
    let reply = try await api.post(
      APIPath("tenants"), ["id": .string(id), "name": .string(name ?? id)], creates: true)
    try console.report("Added the tenant \(reply.text("id")).", reply.members ?? [])
  }
}

struct TenantsRename: ClientCommand {
  static let configuration = CommandConfiguration(
    commandName: "rename", abstract: "Give a tenant another name; its id stays.")

  @OptionGroup var options: ClientOptions

  @Argument(help: ArgumentHelp("Its id.", valueName: "TENANT"))
  var id: String

  @Argument(help: ArgumentHelp("The new name.", valueName: "NAME"))
  var name: String

  func perform(_ api: APIClient, _ console: Console) async throws(Refusal) {
    let reply = try await api.patch(APIPath("tenants", id), ["name": .string(name)])
    try console.report(
      "The tenant \(reply.text("id")) is called \(reply.text("name")) now.", reply.members ?? [])
  }
}

struct TenantsDelete: ClientCommand {
  static let configuration = CommandConfiguration(
    commandName: "delete", abstract: "Remove a tenant that nothing is in.")

  @OptionGroup var options: ClientOptions

  @Argument(help: ArgumentHelp("Its id.", valueName: "TENANT"))
  var id: String

  func perform(_ api: APIClient, _ console: Console) async throws(Refusal) {
    try await api.delete(APIPath("tenants", id))
    try console.report("Removed the tenant \(id).", [])
  }
}
