internal import AgentToken
internal import Cluster
internal import GRDB
internal import Issuing
internal import JSON

/// A list that is asked for in pages, each beginning after the last key of the one before: what comes
/// or goes meanwhile shifts nothing.
struct List {
  enum Order {
    /// By texts that are unique together.
    case byName([String])
    /// By a number that grows with each.
    case newest(String)
  }

  /// Stands in its cursors, so that none of another list is taken for one of this.
  let name: String
  /// Up to its WHERE.
  let select: String
  let order: Order
}

/// What a list's rows have to be.
struct Selection {
  private(set) var conditions: [String] = []
  private(set) var values: [Value] = []

  mutating func require(_ condition: String, _ values: Value...) {
    conditions.append("(\(condition))")
    self.values += values
  }

  mutating func require(_ column: String, equals value: Value) {
    if let value { require("\(column) = ?", value) }
  }

  /// In one of the tenants that are seen.
  mutating func see(_ view: Visibility, in column: String = "tenant") {
    guard let tenants = view.tenants else { return }
    require("\(column) IN (SELECT value FROM json_each(?))", JSON.list(tenants))
  }

  /// - Parameter more: other conditions with a `?` for the text itself, which count as well.
  /// - Throws: `invalid_request`.
  mutating func search(
    _ text: String, in columns: [String], or more: [String] = []
  ) throws(Refusal) {
    if text.isEmpty { return }
    guard text.utf8.count <= 256 else {
      throw Refusal(.invalid, "A text of \(text.utf8.count) bytes is too long to look for.")
    }
    var pattern = "%"
    for character in text.unicodeScalars {
      if ["%", "_", "\\"].contains(character) { pattern += "\\" }
      pattern.unicodeScalars.append(character)
    }
    pattern += "%"
    let any = columns.map { "\($0) LIKE ? ESCAPE '\\'" } + more
    conditions.append("(\(any.joined(separator: " OR ")))")
    values += columns.map { _ in pattern } + more.map { _ in text }
  }
}

extension Database {
  func page<Item>(
    _ list: List, _ selection: Selection, _ page: PageRequest, _ item: (Row) throws -> Item
  ) throws -> Page<Item> {
    var selection = selection
    if let cursor = page.after {
      let (condition, key) = try list.following(cursor)
      selection.require(condition)
      return try fetch(list, selection, key, page.limit, item)
    }
    return try fetch(list, selection, [], page.limit, item)
  }

  private func fetch<Item>(
    _ list: List, _ selection: Selection, _ key: [Value], _ limit: Int,
    _ item: (Row) throws -> Item
  ) throws -> Page<Item> {
    let conditions = selection.conditions
    let clause = conditions.isEmpty ? "" : " WHERE " + conditions.joined(separator: " AND ")
    // One more than asked for tells whether there is another page.
    let rows = try self.list(
      "\(list.select)\(clause) ORDER BY \(list.orderClause) LIMIT ?",
      selection.values + key + [limit + 1])
    let shown = rows.prefix(limit)
    return Page(
      items: try shown.map(item),
      next: rows.count > limit ? shown.last.map { list.cursor($0) } : nil)
  }
}

extension List {
  fileprivate var orderClause: String {
    switch order {
    case .byName(let columns): columns.joined(separator: ", ")
    case .newest(let column): "\(column) DESC"
    }
  }

  fileprivate func cursor(_ row: Row) -> String {
    let key: [JSON] =
      switch order {
      case .byName(let columns): columns.map { .string(row.text($0)) }
      case .newest(let column): [.integer(row.number(column))]
      }
    return Base64URL.encode(JSON.array([.string(name)] + key).encodedBytes())
  }

  /// - Throws: `invalid_request`.
  fileprivate func following(_ cursor: String) throws(Refusal) -> (condition: String, [Value]) {
    let refusal = Refusal(
      .invalid, "That is not where a page of this list begins.",
      hint: "Pass on what the page before said, as it is; without it, the list begins anew.")
    guard cursor.utf8.count <= 4096, let bytes = Base64URL.decode(cursor),
      let key = (try? JSON.parse(bytes))?.array, key.first == .string(name)
    else { throw refusal }
    switch order {
    case .byName(let columns):
      let texts = key.dropFirst().compactMap(\.string)
      guard texts.count == columns.count, key.count == columns.count + 1 else { throw refusal }
      let marks = columns.map { _ in "?" }.joined(separator: ", ")
      return ("(\(columns.joined(separator: ", "))) > (\(marks))", texts)
    case .newest(let column):
      guard key.count == 2, let number = key[1].integer else { throw refusal }
      return ("\(column) < ?", [number])
    }
  }
}
