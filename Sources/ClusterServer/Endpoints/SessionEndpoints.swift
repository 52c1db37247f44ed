internal import AgentToken
internal import Cluster
internal import HTTPTypes
internal import JSON

/// Who one is: logging in, and what one may do.
enum SessionEndpoints {
  static let all: [Endpoint] = [
    Endpoint(
      .post, "/oauth/token", "grantToken",
      "An access token for a program (RFC 6749, section 4.4), its credentials by HTTP Basic or in the form.",
      who: .anyone, input: .form(form),
      output: .json(
        .object([
          Schema.required("access_token", .any), Schema.required("token_type", .word(["Bearer"])),
          Schema.required("expires_in", .count, "Seconds."),
        ])), pace: .grant, style: .oauth
    ) { call throws(Refusal) in
      let (id, secret) = try ClientCredentials.read(call)
      let grant = try await call.plane.grant(
        clientID: id, clientSecret: secret, source: call.source)
      return .ok([
        "access_token": .string(grant.accessToken), "token_type": "Bearer",
        "expires_in": .integer(max(0, grant.expires - call.plane.now())),
      ])
    },
    Endpoint(
      .post, "/api/v1/sessions", "logIn", "Logs a person in.", who: .anyone,
      input: .json(
        .object([
          Schema.required("name", .text(.secret(1...256))),
          Schema.required("password", .text(.secret(1...1024))),
        ]), limit: 8 << 10), status: .created,
      output: .json(
        .object([
          Schema.required("access_token", .any),
          Schema.required("expires", .time, "Seconds since the epoch, here and everywhere."),
          Schema.required("account", AccountEndpoints.shape),
        ])), pace: .login
    ) { call throws(Refusal) in
      let grant = try await call.plane.logIn(
        name: call.text("name") ?? "", password: call.text("password") ?? "", source: call.source)
      return .created(
        [
          "access_token": .string(grant.accessToken), "expires": .integer(grant.expires),
          "account": AccountEndpoints.json(grant.account),
        ], at: "/api/v1/sessions/current")
    },
    Endpoint(
      .delete, "/api/v1/sessions/current", "logOut", "Ends the session that asks.",
      status: .noContent, output: .none
    ) { call throws(Refusal) in
      try await call.plane.logOut(accessToken: call.accessToken)
      return .none
    },
    Endpoint(
      .get, "/api/v1/me", "me", "Who asks, and what they may do.",
      output: .json(
        .object([
          Schema.required("account", AccountEndpoints.shape),
          Schema.required("cluster", .any),
          Schema.required("permissions", .array(.any, 0...100), "What this role is offered."),
          Schema.required("token_scopes", .array(.any, 0...3), "Agent tokens that it may issue."),
          Schema.required("roles", .array(.any, 0...10), "Roles that there are in this cluster."),
        ]))
    ) { call throws(Refusal) in
      let caller = try call.caller
      let roles = AccessRole.allCases.filter {
        $0 != .tenantOwner || call.plane.settings.tenantOwners
      }
      return .ok([
        "account": AccountEndpoints.json(caller.account),
        "cluster": .string(call.plane.cluster),
        "permissions": .texts(Permission.allCases.filter(caller.may).map(\.rawValue)),
        "token_scopes": .texts(
          Scope.allCases.filter {
            caller.may(.issueTokens) && caller.account.role.signer(of: $0) != nil
          }.map(\.rawValue)),
        "roles": .texts(roles.map(\.rawValue)),
      ])
    },
  ]

  private static let form = Schema.object([
    Schema.required("grant_type", .word(["client_credentials"])),
    Schema.optional("client_id", .text(.secret(1...256))),
    Schema.optional("client_secret", .text(.secret(1...1024))),
    Schema.optional("scope", .text(.secret(0...1024)), "Not looked at: roles say what is allowed."),
  ])
}

/// The credentials of an OAuth client (RFC 6749, section 2.3.1).
private enum ClientCredentials {
  static func read(_ call: Call) throws(Refusal) -> (id: String, secret: String) {
    guard let type = call.text("grant_type"), !type.isEmpty else {
      throw Refusal(.invalidRequest, "The field grant_type is missing.")
    }
    guard type == "client_credentials" else {
      throw Refusal(OAuthError.unsupportedGrant, "The only grant is client_credentials.")
    }
    let inForm = (id: call.text("client_id"), secret: call.text("client_secret"))
    guard let authorization = call.authorization else {
      guard let id = inForm.id, let secret = inForm.secret else {
        throw Refusal(.unauthenticated, "The client's credentials are missing.")
      }
      return (id, secret)
    }
    guard inForm.secret == nil else {
      throw Refusal(.invalidRequest, "The client's credentials come twice.")
    }
    guard let basic = basic(authorization), inForm.id ?? basic.id == basic.id else {
      throw Refusal(.unauthenticated, "The Authorization header holds no client's credentials.")
    }
    return basic
  }

  private static func basic(_ authorization: String) -> (id: String, secret: String)? {
    let parts = authorization.split(separator: " ", maxSplits: 1)
    guard parts.count == 2, parts[0].lowercased() == "basic",
      let bytes = Base64.decode(parts[1]),
      let text = String(validating: bytes, as: UTF8.self)
    else { return nil }
    let pair = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
    guard pair.count == 2, let id = PercentEncoding.decode(pair[0], plusIsSpace: true),
      let secret = PercentEncoding.decode(pair[1], plusIsSpace: true)
    else { return nil }
    return (id, secret)
  }
}
