internal import JSON

extension Schema {
  /// As a JSON Schema (2020-12), with references to named ones.
  var described: JSON {
    switch self {
    case .text(let rule): return rule.described
    case .word(let words): return ["type": "string", "enum": .array(words.map { .string($0) })]
    case .integer(let range):
      return [
        "type": "integer", "format": "int64", "minimum": .integer(range.lowerBound),
        "maximum": .integer(range.upperBound),
      ]
    case .boolean: return ["type": "boolean"]
    case .array(let items, let range):
      var members: [JSON.Member] = [
        .init(name: "type", value: "array"), .init(name: "items", value: items.described),
      ]
      if range.lowerBound > 0 {
        members.append(.init(name: "minItems", value: .integer(Int64(range.lowerBound))))
      }
      if range.upperBound < .max {
        members.append(.init(name: "maxItems", value: .integer(Int64(range.upperBound))))
      }
      return .object(members)
    case .object(let properties): return Self.described(properties)
    case .map(let names, let values, let most):
      return [
        "type": "object", "propertyNames": names.described,
        "additionalProperties": values.described, "maxProperties": .integer(Int64(most)),
      ]
    case .anyObject: return ["type": "object"]
    case .nullable(let schema): return ["anyOf": [schema.described, ["type": "null"]]]
    case .named(let name, _): return ["$ref": .string("#/components/schemas/\(name)")]
    }
  }

  private static func described(_ properties: [Property]) -> JSON {
    var members: [JSON.Member] = [
      .init(name: "type", value: "object"),
      .init(
        name: "properties",
        value: .object(
          properties.map { .init(name: $0.name, value: $0.schema.described(note: $0.note)) })),
    ]
    let required = properties.filter(\.isRequired)
    if !required.isEmpty {
      members.append(
        .init(name: "required", value: .array(required.map { .string($0.name) })))
    }
    members.append(.init(name: "additionalProperties", value: false))
    return .object(members)
  }

  private func described(note: String?) -> JSON {
    guard let note, let members = described.members else { return described }
    return .object(members + [.init(name: "description", value: .string(note))])
  }

  /// Every named schema in this one.
  var names: [(name: String, schema: Schema)] {
    switch self {
    case .text, .word, .integer, .boolean, .anyObject: []
    case .array(let schema, _), .map(_, let schema, _), .nullable(let schema): schema.names
    case .object(let properties): properties.flatMap(\.schema.names)
    case .named(let name, let schema): [(name, schema)] + schema.names
    }
  }
}

extension TextRule {
  var described: JSON {
    var members: [JSON.Member] = [.init(name: "type", value: "string")]
    if length.lowerBound > 0 {
      members.append(.init(name: "minLength", value: .integer(Int64(length.lowerBound))))
    }
    if length.upperBound < .max {
      members.append(.init(name: "maxLength", value: .integer(Int64(length.upperBound))))
    }
    if let pattern { members.append(.init(name: "pattern", value: .string(pattern))) }
    return .object(members)
  }
}
