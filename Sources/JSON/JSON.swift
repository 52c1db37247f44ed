/// A JSON value (RFC 8259) whose numbers are integers.
///
/// Fractions and exponents are refused by policy: no contract of this project has a use for them,
/// and they are where parsers disagree. Members keep the order they were read or written in.
/// Strings are equal when their UTF-8 is (RFC 8259, section 8.3), not when Unicode calls them
/// canonically equivalent, as `String` does.
package enum JSON: Sendable {
  case null
  case bool(Bool)
  case integer(Int64)
  case string(String)
  case array([JSON])
  case object([Member])

  /// One name and value of an object.
  package struct Member: Sendable {
    package let name: String
    package let value: JSON

    package init(name: String, value: JSON) {
      self.name = name
      self.value = value
    }
  }
}

extension JSON {
  /// The value of an object's member; nil where there is none, or where this is no object.
  package subscript(name: String) -> JSON? {
    members?.first { $0.name.hasSameUTF8(as: name) }?.value
  }

  package var isNull: Bool {
    if case .null = self { true } else { false }
  }

  package var bool: Bool? {
    if case .bool(let value) = self { value } else { nil }
  }

  package var integer: Int64? {
    if case .integer(let value) = self { value } else { nil }
  }

  package var string: String? {
    if case .string(let value) = self { value } else { nil }
  }

  package var array: [JSON]? {
    if case .array(let values) = self { values } else { nil }
  }

  package var members: [Member]? {
    if case .object(let members) = self { members } else { nil }
  }
}

extension JSON: Equatable {
  package static func == (left: JSON, right: JSON) -> Bool {
    switch (left, right) {
    case (.null, .null): true
    case (.bool(let left), .bool(let right)): left == right
    case (.integer(let left), .integer(let right)): left == right
    case (.string(let left), .string(let right)): left.hasSameUTF8(as: right)
    case (.array(let left), .array(let right)): left == right
    case (.object(let left), .object(let right)): left == right
    default: false
    }
  }
}

extension JSON.Member: Equatable {
  package static func == (left: JSON.Member, right: JSON.Member) -> Bool {
    left.name.hasSameUTF8(as: right.name) && left.value == right.value
  }
}
