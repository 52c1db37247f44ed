internal import AgentToken
internal import Cluster
internal import FoundationEssentials
internal import GRDB
internal import Issuing
internal import JSON

/// A value for a statement's question mark. Nothing else gets from a name into SQL.
typealias Value = (any DatabaseValueConvertible)?

extension Database {
  /// Runs a statement that changes something.
  ///
  /// - Returns: how many rows it changed.
  @discardableResult
  func run(_ sql: String, _ values: Value...) throws -> Int {
    try cachedStatement(sql: sql).execute(arguments: Self.arguments(values))
    return changesCount
  }

  func row(_ sql: String, _ values: Value...) throws -> Row? {
    try Row.fetchOne(cachedStatement(sql: sql), arguments: Self.arguments(values))
  }

  func rows(_ sql: String, _ values: Value...) throws -> [Row] {
    try Row.fetchAll(cachedStatement(sql: sql), arguments: Self.arguments(values))
  }

  /// A statement that is put together for one list, and not worth keeping.
  func list(_ sql: String, _ values: [Value]) throws -> [Row] {
    try Row.fetchAll(makeStatement(sql: sql), arguments: Self.arguments(values))
  }

  /// SQLite ends a text at its first NUL: `admin\0x` would be `admin`.
  private static func arguments(_ values: [Value]) throws -> StatementArguments {
    for case let text as String in values where text.utf8.contains(0) {
      throw Refusal(.invalid, "A text with a NUL character cannot be kept or looked for.")
    }
    return StatementArguments(values)
  }
}

extension Row {
  func text(_ column: String) -> String { self[column] }
  func optionalText(_ column: String) -> String? { self[column] }
  func number(_ column: String) -> Int64 { self[column] }
  func optionalNumber(_ column: String) -> Int64? { self[column] }
  func flag(_ column: String) -> Bool { number(column) != 0 }
  func bytes(_ column: String) -> [UInt8] { [UInt8](self[column] as Data) }

  /// - Throws: `store_failed` for a word that this version does not know.
  func word<Word: RawRepresentable<String>>(_ column: String, _: Word.Type) throws -> Word {
    let text = text(column)
    guard let word = Word(rawValue: text) else {
      throw Refusal(
        .storeFailed, "The database says \(text.quoted()) where a \(column) is expected.",
        hint: "Restore a backup: holdfast-cluster restore FILE")
    }
    return word
  }

  func texts(_ column: String) throws -> [String] {
    try JSON.parse(Array(text(column).utf8)).array?.compactMap(\.string) ?? []
  }
}

extension JSON {
  /// Many texts for one question mark: `IN (SELECT value FROM json_each(?))`.
  static func list(_ texts: some Sequence<String>) -> String {
    JSON.array(texts.map { .string($0) }).encoded()
  }
}
