/// Cuts a stream of bytes into lines, none longer than a limit, so that what is kept of a line that
/// never ends is bounded.
package struct LineCutter: Sendable {
  /// Bytes of a line without its line feed.
  private let limit: Int
  private var buffer: [UInt8] = []
  /// Where in `buffer` the next line begins, and how far it was searched for its end.
  private var start = 0
  private var searched = 0

  /// A line does not end within the limit.
  package struct TooLong: Error, Equatable {
    package init() {}
  }

  package init(limit: Int) { self.limit = limit }

  package mutating func append(_ bytes: some Sequence<UInt8>) {
    if start > 0 {
      buffer.removeFirst(start)
      searched -= start
      start = 0
    }
    buffer.append(contentsOf: bytes)
  }

  /// The next line, without its line feed; nil where none is complete yet.
  package mutating func next() throws(TooLong) -> [UInt8]? {
    guard let end = buffer[searched...].firstIndex(of: UInt8(ascii: "\n")) else {
      searched = buffer.count
      if buffer.count - start > limit { throw TooLong() }
      return nil
    }
    guard end - start <= limit else { throw TooLong() }
    defer {
      start = end + 1
      searched = start
    }
    return Array(buffer[start..<end])
  }
}
