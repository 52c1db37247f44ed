import AgentToken
import AsyncHTTPClient
import Cluster
import HTTPTypes
import JSON
import LinkMessages
import Linux
import NIOHTTP1
import Testing

@testable import ClusterServer

/// Another tenant's things, and things that there are not: whoever belongs to one tenant cannot tell
/// them apart, and changes nothing.
@Suite struct ForeignTests {
  /// What requests name: what is another tenant's, or what is nothing.
  struct Names {
    let tenant: String
    let account: String
    let profile: String
    let registration: String
    let agent: String
    let host: String
    let jti: String
    let alarm: String

    static let nothing = Names(
      tenant: "grey", account: "AAAAAAAAAAAAAAA1", profile: "AAAAAAAAAAAAAAA2",
      registration: "AAAAAAAAAAAAAAA3", agent: "AAAAAAAAAAAAAAA4", host: "db-0",
      jti: "AAAAAAAAAAAAAAAAAAAAA5", alarm: "AAAAAAAAAAAAAAA6")

    /// What stands for a segment of a path, or is looked for by a parameter of a query.
    var segments: [String: String] {
      [
        "tenant": tenant, "account": account, "profile": profile, "token": registration,
        "agent": agent, "jti": jti, "alarm": alarm,
      ]
    }
    var parameters: [String: String] {
      [
        "tenant": tenant, "agent": host, "issued_by": account, "account": account,
        "profile": profile,
      ]
    }

    var challenge: String {
      get throws {
        ChallengeText(
          identity: try Identity(cluster: "test", tenant: tenant, agent: host),
          nonce: "AAECAwQFBgcICQoLDA0ODw", ledgerSize: 1, ledgerHead: [1], wall: 0
        ).text
      }
    }

    /// A text with every name in it as a placeholder.
    func hidden(in text: String) -> String {
      [account, profile, registration, agent, jti, alarm, host, tenant].enumerated()
        .reduce(text) { $0.replacing($1.element, with: "<\($1.offset)>") }
    }
  }

  /// What is the caller's own, beside which something is named.
  struct Own {
    let registration: String
    let agent: String
    let account: String
  }

  /// Bodies by operation; `path` where it is another than the names say.
  struct Body {
    var path: String?
    let json: JSON

    init(_ json: JSON, path: String? = nil) {
      self.json = json
      self.path = path
    }
  }

  private static func ids(_ names: Names, _ own: Own) -> [Body] {
    [
      Body(["ids": [.string(names.registration)]]),
      Body(["ids": [.string(own.registration), .string(names.registration)]]),
    ]
  }

  private static func entries(_ names: Names) -> [Body] {
    [
      Body(["entries": [["tenant": .string(names.tenant)]]]),
      Body(["entries": [["tenant": "red"], ["tenant": .string(names.tenant)]]]),
      Body(["entries": [["tenant": "red", "profile": .string(names.profile)]]]),
    ]
  }

  private static let bodies: [String: @Sendable (Names, Own) throws -> [Body]] = [
    "createAccount": { names, _ in
      [
        Body([
          "kind": "client", "name": "new", "role": "auditor", "tenants": [.string(names.tenant)],
        ])
      ]
    },
    "changeAccount": { names, own in
      [
        Body(["disabled": true]),
        Body(["tenants": [.string(names.tenant)]], path: "/api/v1/accounts/\(own.account)"),
        Body(
          ["tenants": ["red", .string(names.tenant)]], path: "/api/v1/accounts/\(own.account)"),
      ]
    },
    "setPassword": { _, _ in [Body(["new": "a password of another"])] },
    "createRegistrationTokens": { names, _ in entries(names) },
    "reviewRegistrationTokens": { names, _ in Array(entries(names).prefix(1)) },
    "revealRegistrationTokens": { ids($0, $1) },
    "revokeRegistrationTokens": { ids($0, $1) },
    "deleteRegistrationTokens": { names, own in
      ids(names, own).map {
        Body(.object(($0.json.members ?? []) + [.init(name: "force", value: true)]))
      }
    },
    "protectAgents": { names, _ in [Body(["agents": [.string(names.agent)]])] },
    "setLabels": { _, _ in [Body(["labels": ["a": "b"]])] },
    "applyProfile": { names, own in
      [
        Body(["profile": .null]),
        Body(
          ["profile": .string(names.profile)], path: "/api/v1/agents/\(own.agent)/profile"),
      ]
    },
    "issueAgentTokens": { names, _ in
      [
        Body(["scope": "tenant", "tenant": .string(names.tenant)]),
        Body(["scope": "agent", "agents": [.string(names.agent)]]),
      ]
    },
    "answerChallenge": { names, _ in
      [
        Body(["challenge": .string(try names.challenge)]),
        Body(["challenge": .string(try names.challenge), "scope": "tenant"]),
      ]
    },
    "createTenant": { names, _ in [Body(["id": .string(names.tenant), "name": "x"])] },
    "renameTenant": { _, _ in [Body(["name": "x"])] },
    "createProfile": { names, _ in
      [Body(["name": "new", "tenant": .string(names.tenant), "settings": .object([])])]
    },
    "changeProfile": { _, _ in [Body(["settings": .object([])])] },
    "assignProfile": { names, _ in
      [Body(["profile": .string(names.profile), "tenant": .string(names.tenant)])]
    },
    "importBundle": { _, _ in [Body(["bundle": "x"])] },
  ]

  struct Request {
    let id: String
    let method: HTTPMethod
    let path: String
    let body: JSON?
  }

  /// Every endpoint for accounts, with these names wherever it takes one.
  private static func requests(_ names: Names, _ own: Own) throws -> [Request] {
    var requests: [Request] = []
    for endpoint in Endpoint.all {
      guard case .account = endpoint.who, endpoint.id != "logOut" else { continue }
      var path = endpoint.path
      for segment in endpoint.segments.keys {
        let name = try #require(names.segments[segment], "no name for the segment \(segment)")
        path = path.replacing("{\(segment)}", with: name)
      }
      let named = endpoint.query.filter { names.parameters[$0.name] != nil }
      func query(_ parameters: [Endpoint.Parameter]) -> String {
        let text = parameters.map { "\($0.name)=\(names.parameters[$0.name] ?? "")" }
        return text.isEmpty ? "" : "?" + text.joined(separator: "&")
      }
      // Each parameter for itself, beside those that have to be there.
      var queries = [query(named.filter(\.isRequired))]
      queries += named.filter { !$0.isRequired }.map { query(named.filter(\.isRequired) + [$0]) }
      if endpoint.query.contains(where: { $0.name == "q" }) { queries.append("?q=\(names.host)") }
      var asked: [Body?] = [nil]
      if case .json = endpoint.input {
        let body = try #require(bodies[endpoint.id], "what is in the body of \(endpoint.id)?")
        asked = try body(names, own)
      }
      for query in queries {
        for body in asked {
          requests.append(
            Request(
              id: endpoint.id, method: HTTPMethod(rawValue: endpoint.method.rawValue),
              path: (body?.path ?? path) + query, body: body?.json))
        }
      }
    }
    return requests
  }

  @Test func nothingTellsWhatIsAnothersFromWhatIsNothing() async throws {
    try await Self.twoTenants { server, admin, blue in
      for role in [
        AccessRole.customerSupport, .tenantOwner, .agentInstaller, .auditor,
      ] {
        let (token, own) = try await Self.own(role, server, by: admin)
        let before = try await Self.everything(server, by: admin)
        let foreign = try Self.requests(blue, own)
        let nothing = try Self.requests(.nothing, own)
        for (one, other) in zip(foreign, nothing) {
          let first = try await server.ask(one.method, one.path, one.body, token: token)
          let second = try await server.ask(other.method, other.path, other.body, token: token)
          let about = "\(role.rawValue): \(one.id) \(one.path) \(one.body?.encoded() ?? "")"
          #expect(first.status == second.status, "\(about)")
          #expect(
            blue.hidden(in: String(decoding: first.bytes, as: UTF8.self))
              == Names.nothing.hidden(in: String(decoding: second.bytes, as: UTF8.self)),
            "\(about)")
        }
        #expect(try await Self.everything(server, by: admin) == before, "\(role.rawValue)")
      }
    }
  }

  /// Where another's page ended is a place in one's own list, and shows nothing of theirs.
  @Test func cursorsShowNothing() async throws {
    try await Self.twoTenants { server, admin, blue in
      let (token, _) = try await Self.own(.tenantOwner, server, by: admin)
      for endpoint in Endpoint.all where endpoint.query.contains(where: { $0.name == "after" }) {
        guard endpoint.segments.isEmpty else { continue }
        var next = try await server.ask(.GET, endpoint.path + "?limit=1", token: admin).json["next"]
        while let cursor = next?.string {
          let reply = try await server.ask(
            .GET, endpoint.path + "?after=\(cursor)", token: token)
          #expect(reply.status == 200, "\(endpoint.id)")
          let text = String(decoding: reply.bytes, as: UTF8.self)
          #expect(blue.hidden(in: text) == text, "\(endpoint.id): \(text)")
          next = try await server.ask(
            .GET, endpoint.path + "?limit=1&after=\(cursor)", token: admin
          ).json["next"]
        }
      }
    }
  }

  /// A key is its account's: another's answer is not to be had by it.
  @Test func idempotencyKeysAreOnesOwn() async throws {
    try await Self.twoTenants { server, admin, _ in
      let (token, _) = try await Self.own(.tenantOwner, server, by: admin)
      let key = [("Idempotency-Key", "shared")]
      let body: JSON = ["entries": [["tenant": "blue"]]]
      let path = "/api/v1/registration-tokens"
      let made = try await server.ask(.POST, path, body, token: admin, headers: key)
      #expect(made.status == 201)
      let asked = try await server.ask(.POST, path, body, token: token, headers: key)
      #expect(asked.status == 404 && asked.code == "not_found", "\(asked.json)")
      // Nor is one's own, once one is something else.
      let mine = try await server.ask(
        .POST, path, ["entries": [["tenant": "red"]]], token: token, headers: key)
      #expect(mine.status == 201, "\(mine.json)")
      let id = try #require(mine.json["items"]?.array?.first?["token"]?["created_by"]?.string)
      let moved = try await server.ask(
        .PATCH, "/api/v1/accounts/\(id)", ["role": "auditor"], token: admin)
      #expect(moved.status == 200)
      let account = try #require(try await server.plane.store.account(id))
      let secret = server.plane.secrets.newSecret()
      try await server.plane.store.open(
        Session(
          tokenHash: server.plane.secrets.hash(secret), account: id, createdAt: Clock.wall(),
          expires: Clock.wall() + 600), audit: nil)
      #expect(account.role == .auditor)
      let again = try await server.ask(
        .POST, path, ["entries": [["tenant": "red"]]], token: secret, headers: key)
      #expect(again.status == 422 && again.code == "idempotency_key_reused", "\(again.json)")
    }
  }

  // MARK: The stage

  /// `red`, and `blue` with one of everything.
  private static func twoTenants(
    _ body: (LiveServer, _ admin: String, _ blue: Names) async throws -> Void
  ) async throws {
    var settings = ClusterSettings()
    settings.tenantOwners = true
    try await LiveServer.run(settings: settings) { server in
      let admin = try await server.logIn()
      for tenant in ["red", "blue"] { try await server.tenant(tenant, by: admin) }
      func make(_ path: String, _ json: JSON) async throws -> JSON {
        let made = try await server.ask(.POST, "/api/v1/\(path)", json, token: admin)
        #expect(made.status == 201, "\(made.json)")
        return made.json
      }
      let account = try await make(
        "accounts", ["kind": "client", "name": "blue-one", "role": "auditor", "tenants": ["blue"]])
      let profile = try await make(
        "profiles", ["name": "blue-profile", "tenant": "blue", "settings": .object([])])
      let registration = try await make(
        "registration-tokens", ["entries": [["tenant": "blue", "description": "for db-9"]]])
      let agent = try await enrolled("db-9", "blue", server, by: admin)
      let issued = try await make("agent-tokens", ["scope": "tenant", "tenant": "blue"])
      let alarm = server.plane.secrets.newID()
      _ = try await server.plane.store.raise(
        Alarm(
          id: alarm, at: Clock.wall(), kind: .clone, tenant: "blue", agent: agent,
          message: "db-9 of blue."))
      let blue = Names(
        tenant: "blue", account: try #require(account["account"]?["id"]?.string),
        profile: try #require(profile["id"]?.string),
        registration: try #require(
          registration["items"]?.array?.first?["token"]?["id"]?.string),
        agent: agent, host: "db-9",
        jti: try #require(issued["items"]?.array?.first?["token"]?["jti"]?.string), alarm: alarm)
      try await body(server, admin, blue)
    }
  }

  private static func enrolled(
    _ name: String, _ tenant: String, _ server: LiveServer, by token: String
  ) async throws -> String {
    let host = try await Enrolled.host(name, tenant: tenant, server, by: token)
    try await host.client.shutdown()
    let records = try await server.plane.store.agents(tenant: tenant, agent: name)
    return try #require(records.first).id
  }

  /// Somebody of `red`, with something of their own there.
  private static func own(
    _ role: AccessRole, _ server: LiveServer, by admin: String
  ) async throws -> (token: String, Own) {
    let token = try await server.client(role, tenants: ["red"], by: admin)
    let installer = try await server.client(.agentInstaller, tenants: ["red"], by: admin)
    let maker = role == .agentInstaller ? token : installer
    let made = try await server.ask(
      .POST, "/api/v1/registration-tokens", ["entries": [["tenant": "red"]]], token: maker)
    let me = try await server.ask(.GET, "/api/v1/me", token: installer)
    return (
      token,
      Own(
        registration: try #require(made.json["items"]?.array?.first?["token"]?["id"]?.string),
        agent: try await enrolled("web-of-\(role.rawValue)", "red", server, by: maker),
        account: try #require(me.json["account"]?["id"]?.string))
    )
  }

  /// All that an administrator sees.
  private static func everything(_ server: LiveServer, by admin: String) async throws -> [String] {
    var all: [String] = []
    for endpoint in Endpoint.all where endpoint.method == .get && endpoint.segments.isEmpty {
      guard case .account = endpoint.who, endpoint.path.hasPrefix("/api/") else { continue }
      let page = endpoint.query.contains { $0.name == "limit" } ? "?limit=500" : ""
      let reply = try await server.ask(.GET, endpoint.path + page, token: admin)
      #expect(reply.status == 200)
      all.append(String(decoding: reply.bytes, as: UTF8.self))
    }
    return all
  }
}
