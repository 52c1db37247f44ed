package import AgentToken
internal import Issuing

/// Texts that people write for people: one line, and nothing in it that moves a cursor or turns the
/// direction of writing.
package enum PlainText {
  /// - Parameters:
  ///   - what: for the message, such as `description`.
  ///   - lengths: in Unicode scalar values.
  /// - Throws: `invalid_request`.
  package static func check(
    _ text: String, _ what: String, _ lengths: ClosedRange<Int>
  ) throws(Refusal) {
    guard text.utf8.count <= 4 * lengths.upperBound, lengths.contains(text.unicodeScalars.count)
    else {
      throw Refusal(
        .invalid,
        "The \(what) has to have \(lengths.lowerBound) to \(lengths.upperBound) characters.")
    }
    guard text.unicodeScalars.allSatisfy(isPlain) else {
      throw Refusal(.invalid, "The \(what) has control characters in it.")
    }
  }

  private static func isPlain(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator: false
    default: true
    }
  }
}
