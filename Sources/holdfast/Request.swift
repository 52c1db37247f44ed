import JSON

/// One request line of the control socket: a verb and its arguments, separated by single spaces.
///
/// Whatever was typed is checked before it goes in, so that a word can neither break the line nor
/// add an argument.
struct Request {
  /// Bytes of a line, its newline included, for verbs that carry no document.
  private static let lineLimit = 4096
  /// The same for `bundle` and `enroll`.
  private static let documentLimit = 384 << 10

  private(set) var line: String

  /// Starts a line from words that this program chose itself.
  init(_ words: String) {
    line = words
  }

  /// Adds one argument.
  ///
  /// - Parameter name: what to call it in the message, for instance "the unit's name".
  func adding(_ word: String, name: String) throws(Failure) -> Request {
    guard !word.isEmpty else { throw .usage("\(Text.capitalised(name)) is empty") }
    if let problem = Text.problem(inWord: word) {
      throw .usage("\(Text.capitalised(name)) has \(problem) in it: \(Text.printable(word))")
    }
    return try appending(word, name: name, limit: Self.lineLimit)
  }

  /// Adds an agent token. Messages do not repeat it.
  func adding(token: String) throws(Failure) -> Request {
    guard !token.isEmpty else { throw .usage("The agent token is empty") }
    if let problem = Text.problem(inWord: token) {
      throw .usage(
        "The agent token has \(problem) in it",
        hint: "Give the whole token, on one line and without quotes.")
    }
    return try appending(token, name: "the agent token", limit: Self.lineLimit)
  }

  /// Adds a signed document, alone on its line with the verb.
  func adding(document: String, name: String) throws(Failure) -> Request {
    if let problem = Text.problem(inWord: document) {
      throw .usage(
        "\(Text.capitalised(name)) has \(problem) in it",
        hint: "It should be one long word, as the cluster exported it.")
    }
    return try appending(document, name: name, limit: Self.documentLimit)
  }

  /// Adds an object as the rest of the line.
  func adding(object: JSON, name: String) throws(Failure) -> Request {
    try appending(object.encoded(), name: name, limit: Self.documentLimit)
  }

  private func appending(
    _ text: String, name: String, limit: Int
  ) throws(Failure) -> Request {
    let longer = Request(line + " " + text)
    guard longer.line.utf8.count < limit else {
      throw .usage(
        "\(Text.capitalised(name)) is too long: a request has at most \(limit) bytes")
    }
    return longer
  }
}
