internal import AgentToken
internal import JSON

extension Schema {
  /// Checks a value, all of it.
  ///
  /// - Parameter place: what to call it, such as `body.tenant`.
  /// - Throws: `invalid_request`, naming the first member that is wrong.
  func check(_ value: JSON, at place: String) throws(Refusal) {
    switch self {
    case .text(let rule):
      guard let text = value.string else { throw .unfit(place, "a string") }
      try rule.check(text, at: place)
    case .word(let words):
      guard let text = value.string, words.contains(where: { $0.hasSameUTF8(as: text) }) else {
        throw .unfit(place, "one of " + words.joined(separator: ", "))
      }
    case .integer(let range):
      guard let number = value.integer else { throw .unfit(place, "a whole number") }
      guard range.contains(number) else {
        throw .unfit(place, "from \(range.lowerBound) to \(range.upperBound)")
      }
    case .boolean:
      guard value.bool != nil else { throw .unfit(place, "true or false") }
    case .array(let items, let range):
      guard let values = value.array else { throw .unfit(place, "an array") }
      guard range.contains(values.count) else {
        throw .unfit(place, "\(range.lowerBound) to \(range.upperBound) items")
      }
      for (index, item) in values.enumerated() { try items.check(item, at: "\(place)[\(index)]") }
    case .object(let properties):
      try Self.check(value, properties, at: place)
    case .map(let names, let values, let most):
      guard let members = value.members else { throw .unfit(place, "an object") }
      guard members.count <= most else {
        throw .unfit(place, "an object of at most \(most) members")
      }
      for member in members {
        try names.check(member.name, at: "the name \(member.name.quoted(limit: 64)) in \(place)")
        try values.check(member.value, at: "\(place).\(member.name)")
      }
    case .anyObject:
      guard value.members != nil else { throw .unfit(place, "an object") }
    case .nullable(let schema):
      if !value.isNull { try schema.check(value, at: place) }
    case .named(_, let schema):
      try schema.check(value, at: place)
    }
  }

  private static func check(
    _ value: JSON, _ properties: [Property], at place: String
  ) throws(Refusal) {
    guard let members = value.members else { throw .unfit(place, "an object") }
    for member in members {
      guard properties.contains(where: { $0.name.hasSameUTF8(as: member.name) }) else {
        let known = properties.map(\.name).joined(separator: ", ")
        throw Refusal(
          .invalidRequest, "There is no member \(member.name.quoted(limit: 64)) in \(place).",
          hint: properties.isEmpty ? "It has none." : "It has: \(known).")
      }
    }
    for property in properties {
      guard let member = value[property.name] else {
        guard property.isRequired else { continue }
        throw Refusal(.invalidRequest, "The member \(property.name) of \(place) is missing.")
      }
      try property.schema.check(member, at: "\(place).\(property.name)")
    }
  }
}

extension TextRule {
  func check(_ text: String, at place: String) throws(Refusal) {
    let count = text.unicodeScalars.count
    guard length.contains(count) else {
      throw .unfit(
        place,
        length.upperBound == .max
          ? "at least \(length.lowerBound) characters"
          : "\(length.lowerBound) to \(length.upperBound) characters")
    }
    guard isFit(text) else { throw .unfit(place, phrase) }
  }
}

extension Refusal {
  static func unfit(_ place: String, _ phrase: String) -> Refusal {
    Refusal(.invalidRequest, "What is in \(place) has to be \(phrase).")
  }
}
