internal import AgentToken
internal import Cluster
internal import HTTPTypes
internal import JSON

enum TenantEndpoints {
  static let shape = Schema.named(
    "Tenant",
    .object([
      Schema.required("id", .any, "As it stands in tokens."), Schema.required("name", .any),
      Schema.required("created_at", .time),
    ]))

  static func json(_ tenant: Tenant) -> JSON {
    [
      "id": .string(tenant.id), "name": .string(tenant.name),
      "created_at": .integer(tenant.createdAt),
    ]
  }

  static let segment = ["tenant": Schema.text(.identifier)]

  static let all: [Endpoint] = [
    Endpoint(
      .get, "/api/v1/tenants", "listTenants", "Tenants, by id.", query: Endpoint.paging,
      output: Endpoint.page(of: shape)
    ) { call throws(Refusal) in
      .page(try await call.plane.tenants(call.caller, call.page), json)
    },
    Endpoint(
      .post, "/api/v1/tenants", "createTenant", "Adds a tenant.",
      input: .json(
        .object([
          Schema.required("id", .text(.identifier)),
          Schema.required("name", .text(.words(1...128))),
        ])), status: .created, output: .json(shape), isIdempotent: true
    ) { call throws(Refusal) in
      let tenant = try await call.plane.createTenant(
        call.caller, id: call.text("id") ?? "", name: call.text("name") ?? "")
      return .created(json(tenant), at: "/api/v1/tenants/" + PercentEncoding.encode(tenant.id))
    },
    Endpoint(
      .get, "/api/v1/tenants/{tenant}", "getTenant", "A tenant.", segments: segment,
      output: .json(shape)
    ) { call throws(Refusal) in
      .ok(json(try await call.plane.tenant(call.caller, call.segment("tenant"))))
    },
    Endpoint(
      .patch, "/api/v1/tenants/{tenant}", "renameTenant", "Gives a tenant another name.",
      segments: segment,
      input: .json(.object([Schema.required("name", .text(.words(1...128)))])),
      output: .json(shape)
    ) { call throws(Refusal) in
      .ok(
        json(
          try await call.plane.renameTenant(
            call.caller, call.segment("tenant"), to: call.text("name") ?? "")))
    },
    Endpoint(
      .delete, "/api/v1/tenants/{tenant}", "deleteTenant", "Removes a tenant that nothing is in.",
      segments: segment, status: .noContent, output: .none
    ) { call throws(Refusal) in
      try await call.plane.deleteTenant(call.caller, call.segment("tenant"))
      return .none
    },
  ]
}
