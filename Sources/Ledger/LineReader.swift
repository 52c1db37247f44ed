internal import Linux

/// Reads a file's lines in pieces, so that the whole is never in memory.
struct LineReader {
  /// Lines longer than this are not looked at. Bytes.
  static let piece = 128 << 10

  let storage: any LedgerBytes

  /// Calls `body` with each line that has its line feed, without it, and where it begins and ends;
  /// with nil for one that is longer than a piece. It ends where `body` says false, or at the end.
  /// - Returns: where what was read ends: behind the last whole line.
  @discardableResult
  func read(
    from start: Int64, to end: Int64,
    _ body: (Span<UInt8>?, Range<Int64>) throws(SystemError) -> Bool
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
          let goesOn = try body(
            span.extracting(lineStart..<index), offset + Int64(lineStart)..<offset + Int64(index))
          lineStart = index + 1
          if !goesOn { return offset + Int64(lineStart) }
        }
        index += 1
      }
      if lineStart > 0 {
        offset += Int64(lineStart)
      } else if let next = try endOfLongLine(from: offset + Int64(bytes.count), to: end) {
        let goesOn = try body(nil, offset..<next - 1)
        offset = next
        if !goesOn { return offset }
      } else {
        return offset
      }
    }
    return offset
  }

  /// The hash of bytes as a leaf, however many there are.
  func leafHash(of range: Range<Int64>) throws(SystemError) -> [UInt8] {
    var hasher = MerkleTree.leafHasher()
    var offset = range.lowerBound
    while offset < range.upperBound {
      let bytes = try storage.read(
        at: offset, upTo: Int(min(Int64(Self.piece), range.upperBound - offset)))
      if bytes.isEmpty { break }
      hasher.update(bytes)
      offset += Int64(bytes.count)
    }
    return hasher.finish()
  }

  /// Adds lines to a tree, those that are too long to look at too.
  /// - Returns: where the last whole one ends.
  func add(
    from start: Int64, to end: Int64, to tree: inout MerkleTree
  ) throws(SystemError) -> Int64 {
    var grown = tree
    let end = try read(from: start, to: end) { line, range throws(SystemError) in
      try grown.append(line, range, self)
      return true
    }
    tree = grown
    return end
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

extension MerkleTree {
  /// Adds a line as `LineReader` hands it over.
  mutating func append(
    _ line: Span<UInt8>?, _ range: Range<Int64>, _ reader: LineReader
  ) throws(SystemError) {
    if let line { append(leaf: line) } else { append(hash: try reader.leafHash(of: range)) }
  }
}
