internal import AgentToken
internal import Cluster
internal import HTTPTypes
internal import JSON

enum AccountEndpoints {
  static let shape = Schema.named(
    "Account",
    .object([
      Schema.required("id", .any), Schema.required("kind", .word(["person", "client"])),
      Schema.required("name", .any), Schema.required("role", .words(AccessRole.self)),
      Schema.required(
        "tenants", .nullable(.array(.any, 0...Int.max)), "The only ones; null for all."),
      Schema.required("disabled", .boolean), Schema.required("created_at", .time),
      Schema.required("created_by", .any),
      Schema.required("last_used_at", .nullable(.time)),
    ]))

  static func json(_ account: Account) -> JSON {
    [
      "id": .string(account.id), "kind": .string(account.kind.rawValue),
      "name": .string(account.name), "role": .string(account.role.rawValue),
      "tenants": .texts(account.tenants), "disabled": .bool(account.isDisabled),
      "created_at": .integer(account.createdAt), "created_by": .string(account.createdBy),
      "last_used_at": .number(account.lastUsedAt),
    ]
  }

  private static let segment = ["account": Schema.text(.id)]
  private static let kinds = Schema.word(["person", "client"])
  private static let tenants = Schema.nullable(.array(.text(.identifier), 0...500))
  private static let secret = Schema.object([
    Schema.required("account", shape),
    Schema.required(
      "secret", .nullable(.any),
      "A password or client secret that was made, shown this once; null where one was given."),
  ])

  static let all: [Endpoint] = [
    Endpoint(
      .get, "/api/v1/accounts", "listAccounts", "Accounts of people and programs, by name.",
      query: Endpoint.paging + [.init("kind", kinds, "Only those.")],
      output: Endpoint.page(of: shape)
    ) { call throws(Refusal) in
      let kind = call.query["kind"]?.string.flatMap(Account.Kind.init)
      return .page(try await call.plane.accounts(call.caller, kind: kind, call.page), json)
    },
    Endpoint(
      .post, "/api/v1/accounts", "createAccount", "Adds an account.",
      input: .json(
        .object([
          Schema.required("kind", kinds),
          Schema.required("name", .text(.accountName)),
          Schema.required("role", .words(AccessRole.self)),
          Schema.optional("tenants", tenants, "The only ones; null, or nothing, for all."),
          Schema.optional(
            "password", .text(.secret(12...1024)), "Of a person; one is made where there is none."),
        ])), status: .created, output: .json(secret), isIdempotent: true
    ) { call throws(Refusal) in
      guard let kind = call.text("kind").flatMap(Account.Kind.init),
        let role = call.text("role").flatMap(AccessRole.init)
      else { throw Refusal(.invalidRequest, "There is no such kind or role.") }
      let (account, secret) = try await call.plane.createAccount(
        call.caller,
        AccountRequest(
          kind: kind, name: call.text("name") ?? "", role: role,
          tenants: call.body["tenants"]?.array?.compactMap(\.string),
          password: call.text("password")))
      return .created(
        ["account": json(account), "secret": .text(secret)], at: "/api/v1/accounts/\(account.id)")
    },
    Endpoint(
      .get, "/api/v1/accounts/{account}", "getAccount", "An account.", segments: segment,
      output: .json(shape)
    ) { call throws(Refusal) in
      .ok(json(try await call.plane.account(call.caller, call.segment("account"))))
    },
    Endpoint(
      .patch, "/api/v1/accounts/{account}", "changeAccount",
      "Changes an account's role, tenants or whether it is disabled, and ends its sessions.",
      segments: segment,
      input: .json(
        .object([
          Schema.optional("role", .words(AccessRole.self)), Schema.optional("tenants", tenants),
          Schema.optional("disabled", .boolean),
        ])), output: .json(shape)
    ) { call throws(Refusal) in
      var change = AccountChange(
        role: call.text("role").flatMap(AccessRole.init), isDisabled: call.flag("disabled"))
      if let tenants = call.body["tenants"] {
        change.tenants = .some(tenants.array?.compactMap(\.string))
      }
      return .ok(
        json(try await call.plane.changeAccount(call.caller, call.segment("account"), change)))
    },
    Endpoint(
      .delete, "/api/v1/accounts/{account}", "deleteAccount", "Removes an account.",
      segments: segment, status: .noContent, output: .none
    ) { call throws(Refusal) in
      try await call.plane.deleteAccount(call.caller, call.segment("account"))
      return .none
    },
    Endpoint(
      .put, "/api/v1/accounts/{account}/password", "setPassword",
      "Gives a person another password, and ends their sessions.", segments: segment,
      input: .json(
        .object([
          Schema.required("new", .text(.secret(12...1024))),
          Schema.optional("current", .text(.secret(1...1024)), "Needed for one's own."),
        ]), limit: 16 << 10), status: .noContent, output: .none, pace: .login
    ) { call throws(Refusal) in
      try await call.plane.setPassword(
        call.caller, call.segment("account"), new: call.text("new") ?? "",
        current: call.text("current"))
      return .none
    },
    Endpoint(
      .post, "/api/v1/accounts/{account}/secret", "renewSecret",
      "Gives a program another secret; the one before is good for nothing from then on.",
      segments: segment,
      output: .json(.object([Schema.required("secret", .any, "Shown this once.")]))
    ) { call throws(Refusal) in
      .ok([
        "secret": .string(try await call.plane.renewSecret(call.caller, call.segment("account")))
      ])
    },
  ]
}
