/// Cuts a byte stream into request lines, none longer than its verb may be.
///
/// Only LF ends a line. What is kept is bounded: once a line is too long, nothing more is taken.
package struct LineFramer: Sendable {
  /// Bytes of a line with its newline.
  package static let standardLimit = 4096
  /// For the verbs that carry a signed document, bytes.
  package static let documentLimit = 384 << 10
  package static let documentVerbs: Set<String> = [
    "bundle", "enroll", "profile", "revocations", "time", "release",
  ]

  package enum Outcome: Sendable, Equatable {
    case line([UInt8])
    /// The line in hand has not ended yet.
    case incomplete
    /// It never will within the limit.
    case tooLong
  }

  private var buffer: [UInt8] = []
  /// How far `buffer` was searched for a newline.
  private var searched = 0

  package init() {}

  /// Whether part of a line is in hand.
  package var isMidLine: Bool { !buffer.isEmpty }

  package mutating func append(_ bytes: [UInt8]) { buffer += bytes }

  /// The next line, without its newline.
  package mutating func next() -> Outcome {
    guard let end = buffer[searched...].firstIndex(of: UInt8(ascii: "\n")) else {
      searched = buffer.count
      return buffer.count >= limit ? .tooLong : .incomplete
    }
    guard end < limit else { return .tooLong }
    let line = Array(buffer[..<end])
    buffer.removeFirst(end + 1)
    searched = 0
    return .line(line)
  }

  private var limit: Int {
    let verb = buffer.prefix(16).prefix { $0 != UInt8(ascii: " ") }
    guard verb.count < 16, verb.count < buffer.count else { return Self.standardLimit }
    return Self.documentVerbs.contains(String(decoding: verb, as: UTF8.self))
      ? Self.documentLimit : Self.standardLimit
  }
}
