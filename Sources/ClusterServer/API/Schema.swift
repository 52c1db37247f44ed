internal import JSON

/// What a JSON value is like: one description that both checks what comes in (`check`) and is shown to
/// people and their tools (`described`), so that neither can say something else.
indirect enum Schema: Sendable {
  case text(TextRule)
  /// One of these words.
  case word([String])
  case integer(ClosedRange<Int64>)
  case boolean
  case array(Schema, ClosedRange<Int>)
  /// These members and no others.
  case object([Property])
  /// Any names, fit for the rule, with values of one kind.
  case map(TextRule, Schema, most: Int)
  /// An object that is looked at elsewhere.
  case anyObject
  case nullable(Schema)
  /// One that is described once, under a name.
  case named(String, Schema)

  /// A member of an object.
  struct Property: Sendable {
    let name: String
    let schema: Schema
    let isRequired: Bool
    let note: String?
  }

  static func required(_ name: String, _ schema: Schema, _ note: String? = nil) -> Property {
    Property(name: name, schema: schema, isRequired: true, note: note)
  }

  static func optional(_ name: String, _ schema: Schema, _ note: String? = nil) -> Property {
    Property(name: name, schema: schema, isRequired: false, note: note)
  }

  /// Seconds since the epoch.
  static let time = integer(0...253_402_300_799)
  /// A number of things.
  static let count = integer(0...Int64.max)
  /// Any text: what the server says.
  static let any = text(.secret(0...Int.max))

  static func words<Word: CaseIterable & RawRepresentable<String>>(_: Word.Type) -> Schema {
    word(Word.allCases.map(\.rawValue))
  }
}
