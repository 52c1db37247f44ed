internal import AgentToken
internal import ArgumentParser
internal import Cluster
internal import ClusterClient
internal import JSON

/// What every list takes.
struct ListOptions: ParsableArguments {
  @Option(name: .long, help: ArgumentHelp("At most so many. (default: all)", valueName: "NUMBER"))
  var limit: Int?

  func validate() throws {
    if let limit, limit < 1 { throw ValidationError("--limit is at least 1.") }
  }
}

extension APIClient {
  /// Shows a list: a table with these columns, or with `--json` its items.
  func show(
    _ path: APIPath, limit: Int? = nil, on console: Console, as columns: [String], none: String,
    row: (JSON) -> [String]
  ) async throws(Refusal) {
    let (items, next) = try await pages(path, limit: limit).collect()
    var text = items.isEmpty ? none : Table.text([columns] + items.map(row))
    if next != nil { text += "\nThere is more; ask for it with a higher --limit." }
    try console.report(
      text,
      [
        .init(name: "items", value: .array(items)),
        .init(name: "next", value: next.map { .string($0) } ?? .null),
      ])
  }

  /// Does the same with several, one after the other; where one is refused, what was done before that
  /// is said.
  ///
  /// - Parameter words: what was done with those that gave these replies.
  func post(
    each paths: [APIPath], on console: Console, words: ([JSON]) -> String
  ) async throws(Refusal) {
    var replies: [JSON] = []
    for path in paths {
      do throws(Refusal) {
        replies.append(try await post(path))
      } catch {
        if !replies.isEmpty { console.note(words(replies)) }
        throw error
      }
    }
    try console.report(words(replies), [.init(name: "items", value: .array(replies))])
  }

  /// The one in a list that somebody means, by its id or its name.
  ///
  /// - Throws: `not_found`; `usage` where it is several.
  func one(
    _ kind: String, _ text: String, of path: APIPath, names: [String] = ["id", "name"]
  ) async throws(Refusal) -> JSON {
    let (items, _) = try await pages(path).collect()
    return try Lookup.one(kind, text, in: items, by: names)
  }
}

enum Lookup {
  /// - Parameter names: the members that say who it is; the first that matches any counts.
  static func one(
    _ kind: String, _ text: String, in items: [JSON], by names: [String]
  ) throws(Refusal) -> JSON {
    for name in names {
      let found = items.filter { $0[name]?.string?.hasSameUTF8(as: text) ?? false }
      if found.count == 1 { return found[0] }
      guard found.isEmpty else {
        throw Refusal(
          .usage, "There are \(found.count) of the name \(text.quoted()).",
          hint: "Name one by its id: " + found.map { $0.text("id") }.joined(separator: ", "))
      }
    }
    throw Refusal(.notFound, "There is no \(kind) \(text.quoted()).")
  }
}
