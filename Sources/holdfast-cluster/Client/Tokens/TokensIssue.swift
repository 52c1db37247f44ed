internal import AgentToken
internal import ArgumentParser
internal import ClusterClient
internal import Issuing
internal import JSON
internal import Linux

struct TokensIssue: ClientCommand {
  static let configuration = CommandConfiguration(
    commandName: "issue",
    abstract: "Have agent tokens issued, and print them.",
    discussion: """
      Standard output gets tokens and nothing else: one as it is, one for each of several agents \
      after the agent's id. For whom they are and until when is said on standard error.

        holdfast-cluster tokens issue --agent web-03 | ssh web-03 sudo holdfast unprotect -

      A challenge (`holdfast challenge` on a host) says who it is for; the token then opens that \
      host only, whatever its clock says:

        holdfast-cluster tokens issue --challenge -
      """)

  @OptionGroup var options: ClientOptions

  @Option(
    name: .long,
    help: ArgumentHelp(
      "What it opens: every host of the cluster, every host of a tenant, or one agent. (default: "
        + "agent with --agent, else tenant with --tenant)", valueName: "cluster|tenant|agent"))
  var scope: Scope?

  @Option(name: .long, help: ArgumentHelp("Whose hosts it opens.", valueName: "TENANT"))
  var tenant: String?

  @Option(
    name: .long,
    help: ArgumentHelp("Which host; may be repeated, for a token each.", valueName: "AGENT"))
  var agent: [String] = []

  @Option(
    name: .long,
    help: ArgumentHelp(
      "A token for each of those in it, one a line; - for standard input.", valueName: "FILE"))
  var agents: String?

  @OptionGroup var wishes: TokenWishes

  @Option(
    name: .long,
    help: ArgumentHelp(
      "Write them there, for their owner only: a file, or for several a directory.",
      valueName: "FILE|DIR"))
  var output: String?

  private var namesAgents: Bool { !agent.isEmpty || agents != nil }

  func validate() throws {
    if wishes.challenge != nil {
      if namesAgents || tenant != nil || wishes.lifetime != nil {
        throw ValidationError("A --challenge says who it is for, and how long its answer is good.")
      }
      return
    }
    switch scope {
    case nil where !namesAgents && tenant == nil:
      throw ValidationError("Say what it is to open: --agent, --tenant or --scope cluster.")
    case .agent where !namesAgents:
      throw ValidationError("Missing expected argument '--agent <AGENT>'")
    case .tenant where tenant == nil:
      throw ValidationError("Missing expected argument '--tenant <TENANT>'")
    case .tenant where namesAgents, .cluster where namesAgents || tenant != nil:
      throw ValidationError("The scope is wider than what is named.")
    default: break
    }
  }

  func perform(_ api: APIClient, _ console: Console) async throws(Refusal) {
    if let challenge = wishes.challenge {
      try await answer(challenge, api, console)
    } else if namesAgents {
      try await issueForAgents(api, console)
    } else {
      try await issueOne(api, console)
    }
  }

  // MARK: One

  private func issueOne(_ api: APIClient, _ console: Console) async throws(Refusal) {
    let reply = try await api.post(
      APIPath("agent-tokens"), request(scope ?? .tenant, agents: nil), creates: true)
    guard let item = reply["items"]?.array?.first else {
      throw Refusal(.internalError, "The cluster issued nothing.")
    }
    try hand([item], named: [:], several: false, console)
  }

  private func answer(
    _ challenge: String, _ api: APIClient, _ console: Console
  ) async throws(Refusal) {
    let text = try ChallengeInput.read(challenge, console)
    let reply = try await api.post(
      APIPath("agent-tokens", "challenge"),
      .some([
        "challenge": .string(text.text), "scope": scope.map { .string($0.rawValue) },
        "window": wishes.window.map { .integer($0.seconds) },
        "services": wishes.service.isEmpty ? nil : .texts(wishes.service),
        "reinstalled": wishes.reinstalled ? true : nil,
      ]), creates: true)
    // Before the token, so that nobody has it first.
    for warning in reply.texts("warnings") { console.note("WARNING: \(warning)") }
    try hand(
      [reply], named: [:], several: false,
      members: [.init(name: "warnings", value: reply["warnings"] ?? .array([]))], console)
  }

  // MARK: One for each agent

  /// What a cluster issues at once.
  private static let atOnce = 500

  private func issueForAgents(_ api: APIClient, _ console: Console) async throws(Refusal) {
    let found = try await AgentLookup.several(
      agent + (try agents.map { (file) throws(Refusal) in try listed(in: file) } ?? []),
      tenant: tenant, api)
    let names = Dictionary(
      found.map { ($0.text("id"), $0.text("agent")) }, uniquingKeysWith: { first, _ in first })
    var items: [JSON] = []
    for start in stride(from: 0, to: found.count, by: Self.atOnce) {
      let some = found[start..<min(start + Self.atOnce, found.count)]
      let reply = try await api.post(
        APIPath("agent-tokens"), request(.agent, agents: some.map { $0.text("id") }),
        creates: true)
      items += reply["items"]?.array ?? []
    }
    try hand(items, named: names, several: found.count > 1, console)
  }

  private func listed(in file: String) throws(Refusal) -> [String] {
    let names = try LinesFile.read(file).map { String($0.prefix { $0 != " " && $0 != "\t" }) }
    guard !names.isEmpty else {
      throw Refusal(.usage, "There are no agents in \(file).")
    }
    return names
  }

  private func request(_ scope: Scope, agents: [String]?) -> JSON {
    .some([
      "scope": .string(scope.rawValue),
      "tenant": scope == .tenant ? tenant.map { .string($0) } : nil,
      "agents": agents.map { .texts($0) },
      "window": wishes.window.map { .integer($0.seconds) },
      "services": wishes.service.isEmpty ? nil : .texts(wishes.service),
      "lifetime": wishes.lifetime.map { .integer($0.seconds) },
    ])
  }

  // MARK: What came of it

  /// - Throws: the first refusal where there is no token for somebody; the others have theirs.
  private func hand(
    _ items: [JSON], named names: [String: String], several: Bool,
    members: [JSON.Member] = [], _ console: Console
  ) throws(Refusal) {
    var secrets: [SecretText] = []
    var refused: [JSON] = []
    for item in items {
      let token = item["token"] ?? .null
      let name = names[item.text("agent")] ?? token.text("agent")
      guard let text = item["text"]?.string else {
        refused.append(item)
        let problem = item["problem"] ?? .null
        if several { console.note("\(name): \(problem.text("detail"))") }
        continue
      }
      let label = name.isEmpty ? token.text("tenant") : name
      secrets.append(SecretText(name: label.isEmpty ? "cluster" : label, text: text, json: item))
      console.note(describe(token, name))
    }
    let first = refused.first?["problem"] ?? .null
    guard secrets.isEmpty || !refused.isEmpty else {
      return try SecretText.hand(
        secrets, to: output, several: several, members: members, console)
    }
    if several {
      try SecretText.hand(
        secrets, to: output, several: true, others: refused, members: members, console)
      if console.json { throw Refusal.saidAlready }
    }
    throw Refusal(
      Refusal.Code(rawValue: first.text("code")),
      several
        ? "\(refused.count) of \(Words.count(items.count, "agent")) got no token"
        : first.text("detail"),
      hint: several ? nil : first["hint"]?.string.map(Words.plain))
  }

  private func describe(_ token: JSON, _ agent: String) -> String {
    let hosts =
      switch token.text("scope") {
      case "cluster": "every host of the cluster"
      case "tenant": "every host of tenant \(token.text("tenant"))"
      default: "host \(agent) of tenant \(token.text("tenant"))"
      }
    let services = token.texts("services")
    return "Opens \(hosts)"
      + (services.isEmpty ? "" : ", only \(services.joined(separator: ", "))")
      + ". Signed by \(token.text("kid")), good until \(token.time("expires")). "
      + "To take it back: holdfast-cluster tokens revoke \(token.text("jti"))"
  }
}
