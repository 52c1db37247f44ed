package import AgentToken

/// One request line: a verb and its arguments, separated by single spaces.
package struct ControlRequest: Sendable, Equatable {
  package let verb: String
  package let arguments: [String]
  /// Everything after the verb and its space, as it came: `enroll` takes JSON.
  package let rest: String

  /// - Throws: `bad_arguments` for an empty argument, a control character or bad UTF-8.
  package init(line: [UInt8]) throws(Refusal) {
    guard let text = String(validating: line, as: UTF8.self) else {
      throw Refusal(
        .badArguments, "The request is not UTF-8.")
    }
    guard !text.unicodeScalars.contains(where: { $0.properties.generalCategory == .control }) else {
      throw Refusal(
        .badArguments, "The request holds a control character.",
        hint: "A request is one line, ended by a line feed alone.")
    }
    let space = text.firstIndex(of: " ")
    verb = String(text[..<(space ?? text.endIndex)])
    rest = space.map { String(text[text.index(after: $0)...]) } ?? ""
    guard !verb.isEmpty else {
      throw Refusal(
        .badArguments, "The request is empty.", hint: "Ask for `help`.")
    }
    guard space != nil else {
      arguments = []
      return
    }
    if verb == "enroll" {
      arguments = [rest]
      guard !rest.isEmpty else { throw Self.emptyArgument }
      return
    }
    arguments = rest.split(separator: " ", omittingEmptySubsequences: false).map(String.init)
    guard !arguments.contains("") else { throw Self.emptyArgument }
  }

  private static var emptyArgument: Refusal {
    Refusal(
      .badArguments, "The request has an empty argument.",
      hint: "Arguments are separated by single spaces.")
  }
}
