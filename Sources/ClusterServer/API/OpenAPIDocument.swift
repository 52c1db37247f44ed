internal import HTTPTypes
internal import Hummingbird
internal import JSON
internal import Version

/// The description of the API (OpenAPI 3.1): written from the endpoints, so it says what is checked.
enum OpenAPIDocument {
  static func bytes(_ endpoints: [Endpoint]) -> [UInt8] { json(endpoints).encodedBytes() }

  static func json(_ endpoints: [Endpoint]) -> JSON {
    var paths: [(path: String, operations: [JSON.Member])] = []
    for endpoint in endpoints {
      let operation = JSON.Member(
        name: endpoint.method.rawValue.lowercased(), value: operation(endpoint))
      if let index = paths.firstIndex(where: { $0.path == endpoint.path }) {
        paths[index].operations.append(operation)
      } else {
        paths.append((endpoint.path, [operation]))
      }
    }
    return [
      "openapi": "3.1.0",
      "info": [
        "title": "Holdfast cluster", "version": .string(holdfastVersion),
        "description":
          "Errors are problem documents (RFC 9457) with a stable code. Lists come in pages.",
        "license": ["name": "Apache-2.0", "identifier": "Apache-2.0"],
      ],
      "servers": [["url": "/"]],
      "paths": .object(paths.map { .init(name: $0.path, value: .object($0.operations)) }),
      "components": [
        "schemas": .object(schemas(endpoints)),
        "securitySchemes": [
          "account": [
            "type": "http", "scheme": "bearer",
            "description": "An access token of POST /api/v1/sessions or POST /oauth/token.",
          ],
          "agent": [
            "type": "mutualTLS", "description": "The certificate of an agent that is enrolled.",
          ],
        ],
      ],
    ]
  }

  private static func schemas(_ endpoints: [Endpoint]) -> [JSON.Member] {
    var members: [JSON.Member] = []
    let used = [Problem.schema, OAuthError.schema] + endpoints.flatMap(\.schemas)
    for (name, schema) in used.flatMap(\.names) where !members.contains(where: { $0.name == name })
    {
      members.append(.init(name: name, value: schema.described))
    }
    return members
  }

  private static func operation(_ endpoint: Endpoint) -> JSON {
    var members: [JSON.Member] = [
      .init(name: "operationId", value: .string(endpoint.id)),
      .init(name: "summary", value: .string(endpoint.summary)),
    ]
    switch endpoint.who {
    case .anyone: members.append(.init(name: "security", value: []))
    case .account: members.append(.init(name: "security", value: [["account": []]]))
    case .agent: members.append(.init(name: "security", value: [["agent": []]]))
    }
    let parameters = parameters(endpoint)
    if !parameters.isEmpty {
      members.append(.init(name: "parameters", value: .array(parameters)))
    }
    if let body = body(endpoint.input) { members.append(.init(name: "requestBody", value: body)) }
    members.append(.init(name: "responses", value: responses(endpoint)))
    return .object(members)
  }

  private static func parameters(_ endpoint: Endpoint) -> [JSON] {
    var parameters = endpoint.segments.sorted { $0.key < $1.key }.map { name, schema -> JSON in
      ["name": .string(name), "in": "path", "required": true, "schema": schema.described]
    }
    parameters += endpoint.query.map {
      [
        "name": .string($0.name), "in": "query", "required": .bool($0.isRequired),
        "description": .string($0.note),
        "schema": $0.schema.described,
      ]
    }
    if endpoint.isIdempotent {
      parameters.append([
        "name": "Idempotency-Key", "in": "header",
        "description": "Asked again with the same key, the answer is the first one.",
        "schema": TextRule.characters("!-~", 1...255, phrase: "") { _ in true }.described,
      ])
    }
    return parameters
  }

  private static func body(_ input: Endpoint.Input) -> JSON? {
    switch input {
    case .none: nil
    case .json(let schema, _): body(BodyReader.json, schema.described)
    case .form(let schema): body(BodyReader.form, schema.described)
    case .lines: body(BodyReader.lines, ["type": "string"])
    }
  }

  private static func body(_ type: String, _ schema: JSON) -> JSON {
    ["required": true, "content": .object([.init(name: type, value: ["schema": schema])])]
  }

  private static func responses(_ endpoint: Endpoint) -> JSON {
    var done: [JSON.Member] = [
      .init(name: "description", value: .string(endpoint.status.reasonPhrase))
    ]
    switch endpoint.output {
    case .none: break
    case .json(let schema):
      done.append(
        .init(name: "content", value: ["application/json": ["schema": schema.described]]))
    case .bytes(let type):
      done.append(
        .init(
          name: "content",
          value: .object([.init(name: type, value: ["schema": ["type": "string"]])])))
    }
    let refused: JSON =
      switch endpoint.style {
      case .problem:
        .object([.init(name: Problem.type, value: ["schema": Problem.schema.described])])
      case .oauth: ["application/json": ["schema": OAuthError.schema.described]]
      }
    return .object([
      .init(name: String(endpoint.status.code), value: .object(done)),
      .init(name: "4XX", value: ["description": "Refused", "content": refused]),
      .init(name: "5XX", value: ["description": "Failed", "content": refused]),
    ])
  }
}

extension Endpoint {
  fileprivate var schemas: [Schema] {
    var schemas = Array(segments.values) + query.map(\.schema)
    switch input {
    case .none, .lines: break
    case .json(let schema, _), .form(let schema): schemas.append(schema)
    }
    if case .json(let schema) = output { schemas.append(schema) }
    return schemas
  }
}
