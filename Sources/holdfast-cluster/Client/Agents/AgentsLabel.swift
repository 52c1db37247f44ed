internal import AgentToken
internal import ArgumentParser
internal import ClusterClient
internal import JSON

struct AgentsLabel: ClientCommand {
  static let configuration = CommandConfiguration(
    commandName: "label",
    abstract: "Set an agent's labels, which profiles are assigned by.",
    discussion: "Others that it has stay. With neither labels nor --remove they are only shown.")

  @OptionGroup var options: ClientOptions

  @Argument(help: ArgumentHelp("Which.", valueName: "AGENT"))
  var agent: String

  @Argument(help: ArgumentHelp("A label, and what it is.", valueName: "NAME=VALUE"))
  var labels: [String] = []

  @Option(name: .long, help: ArgumentHelp("Take it away; may be repeated.", valueName: "NAME"))
  var remove: [String] = []

  func validate() throws {
    for label in labels where !label.contains("=") || label.hasPrefix("=") {
      throw ValidationError("'\(label)' is not NAME=VALUE.")
    }
  }

  func perform(_ api: APIClient, _ console: Console) async throws(Refusal) {
    var found = try await AgentLookup.one(agent, api)
    if !labels.isEmpty || !remove.isEmpty {
      found = try await api.put(
        APIPath("agents", found.text("id"), "labels"),
        ["labels": changed(found), "following": found["labels"] ?? .object([])])
    }
    let text = AgentWords.labels(found)
    try console.report(
      "\(found.text("agent"))  \(text.isEmpty ? "has no labels" : text)", found.members ?? [])
  }

  private func changed(_ agent: JSON) -> JSON {
    var members = agent["labels"]?.members ?? []
    func drop(_ name: String) { members.removeAll { $0.name.hasSameUTF8(as: name) } }
    for name in remove { drop(name) }
    for label in labels {
      let parts = label.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      drop(String(parts[0]))
      members.append(.init(name: String(parts[0]), value: .string(String(parts[1]))))
    }
    return .object(members)
  }
}

struct AgentsProfile: ClientCommand {
  static let configuration = CommandConfiguration(
    commandName: "profile",
    abstract: "Apply a profile to one agent, ahead of what is assigned.")

  @OptionGroup var options: ClientOptions

  @Argument(help: ArgumentHelp("Which.", valueName: "AGENT"))
  var agent: String

  @Argument(help: ArgumentHelp("The profile, by name or id.", valueName: "PROFILE"))
  var profile: String?

  @Flag(name: .long, help: "It gets what is assigned again.")
  var none = false

  func validate() throws {
    guard (profile == nil) == none else {
      throw ValidationError("Give a profile, or '--none'.")
    }
  }

  func perform(_ api: APIClient, _ console: Console) async throws(Refusal) {
    let found = try await AgentLookup.one(agent, api)
    var id = JSON.null
    if let profile { id = .string(try await api.profile(profile).text("id")) }
    let reply = try await api.put(
      APIPath("agents", found.text("id"), "profile"), ["profile": id])
    let when = reply.flag("connected") ? "now" : "when it connects"
    try console.report(
      profile.map { "\(reply.text("agent")) gets the profile \($0) \(when)." }
        ?? "\(reply.text("agent")) gets what is assigned \(when).", reply.members ?? [])
  }
}
