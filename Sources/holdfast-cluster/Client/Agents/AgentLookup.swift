internal import AgentToken
internal import Cluster
internal import ClusterClient
internal import JSON

/// Finds agents as people name them.
struct AgentLookup {
  private let api: APIClient
  private let tenant: String?
  /// All that there are, where many are looked for.
  private var all: [JSON]?

  /// - Parameter tenant: the only one to look in.
  init(_ api: APIClient, tenant: String? = nil) {
    self.api = api
    self.tenant = tenant
  }

  /// - Throws: `not_found`; `usage` where it is several.
  static func one(_ text: String, _ api: APIClient) async throws(Refusal) -> JSON {
    try await AgentLookup(api).find(text)
  }

  /// In the order in which they are named, each once.
  static func several(
    _ texts: [String], tenant: String? = nil, _ api: APIClient
  ) async throws(Refusal) -> [JSON] {
    var lookup = AgentLookup(api, tenant: tenant)
    // One list is less to ask for than many searches.
    if texts.count > 8 {
      lookup.all = try await api.pages(APIPath("agents", query: ["tenant": tenant])).collect().items
    }
    var found: [JSON] = []
    var ids: Set<String> = []
    for text in texts {
      let agent = try await lookup.find(text)
      if ids.insert(agent.text("id")).inserted { found.append(agent) }
    }
    return found
  }

  private func find(_ text: String) async throws(Refusal) -> JSON {
    if let agent = try Self.pick(text, from: try await candidates(text, tenant)) { return agent }
    if tenant == nil, let slash = text.firstIndex(of: "/") {
      let (tenant, id) = (String(text[..<slash]), String(text[text.index(after: slash)...]))
      let inTenant = try await candidates(id, tenant).filter { $0["tenant"]?.string == tenant }
      if let agent = try Self.pick(id, from: inTenant) { return agent }
    }
    if Self.isRecordID(text) {
      do throws(Refusal) {
        return try await api.get(APIPath("agents", text))
      } catch  where error.code == .notFound {
        // Said below, in this command's words.
      }
    }
    throw Refusal(
      .notFound, "There is no agent \(text.quoted())\(tenant.map { " of tenant \($0)" } ?? "").",
      hint: "holdfast-cluster agents list")
  }

  private func candidates(_ text: String, _ tenant: String?) async throws(Refusal) -> [JSON] {
    if let all { return all }
    guard (1...128).contains(text.unicodeScalars.count) else { return [] }
    return try await api.pages(APIPath("agents", query: ["tenant": tenant, "q": text]))
      .collect().items
  }

  /// The one that is meant; of several, the one in service.
  static func pick(_ text: String, from agents: [JSON]) throws(Refusal) -> JSON? {
    for name in ["id", "agent", "hostname"] {
      let named = agents.filter { $0[name]?.string?.hasSameUTF8(as: text) ?? false }
      let serving = named.filter {
        $0["state"]?.string != "retired" && $0["clone_of"]?.isNull ?? true
      }
      switch (serving.count, named.count) {
      case (_, 0): continue
      case (1, _): return serving[0]
      case (_, 1): return named[0]
      default:
        throw Refusal(
          .usage, "There are \(named.count) agents of the name \(text.quoted()).",
          hint: "Name one by its tenant, TENANT/AGENT, or its id: "
            + named.map { "\($0.text("id")) (\($0.text("tenant")))" }.joined(separator: ", "))
      }
    }
    return nil
  }

  private static func isRecordID(_ text: String) -> Bool {
    (1...64).contains(text.utf8.count)
      && text.utf8.allSatisfy {
        switch $0 {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
          UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"):
          true
        default: false
        }
      }
  }
}
