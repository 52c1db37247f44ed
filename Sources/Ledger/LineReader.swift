internal import Linux

/// Reads a file's lines in pieces, so that the whole is never in memory.
struct LineReader {
  /// Lines longer than this are not looked at. Bytes.
  static let piece = 128 << 10

  let storage: any LedgerStorage

  /// Calls `body` with each line that has its line feed, without it, and where it begins; with nil
  /// for one that is longer than a piece. It ends where `body` says false, or at the end.
  /// - Returns: where what was read ends: behind the last whole line.
  @discardableResult
  func read(
    from start: Int64, to end: Int64, _ body: (Span<UInt8>?, Int64) -> Bool
  ) throws(SystemError) -> Int64 {
    var offset = start
    while offset < end {
      let bytes = try storage.read(at: offset, upTo: Int(min(Int64(Self.piece), end - offset)))
      if bytes.isEmpty { return offset }
      let span = bytes.span
      var lineStart = 0
      var index = 0
      while index < span.count {
        if span[index] == UInt8(ascii: "\n") {
          let goesOn = body(span.extracting(lineStart..<index), offset + Int64(lineStart))
          lineStart = index + 1
          if !goesOn { return offset + Int64(lineStart) }
        }
        index += 1
      }
      if lineStart > 0 {
        offset += Int64(lineStart)
      } else if let next = try endOfLongLine(from: offset + Int64(bytes.count), to: end) {
        let goesOn = body(nil, offset)
        offset = next
        if !goesOn { return offset }
      } else {
        return offset
      }
    }
    return offset
  }

  /// Behind the next line feed; nil if there is none.
  private func endOfLongLine(from start: Int64, to end: Int64) throws(SystemError) -> Int64? {
    var offset = start
    while offset < end {
      let bytes = try storage.read(at: offset, upTo: Int(min(Int64(Self.piece), end - offset)))
      if bytes.isEmpty { return nil }
      if let index = bytes.firstIndex(of: UInt8(ascii: "\n")) { return offset + Int64(index) + 1 }
      offset += Int64(bytes.count)
    }
    return nil
  }
}
