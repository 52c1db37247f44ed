internal import JSON
internal import Linux

/// A ledger in one file: a signed checkpoint, an empty line, then the lines that it was signed over, as
/// far as they are still kept.
package struct LedgerExport {
  package let note: SignedCheckpoint
  /// The lines behind it.
  package let text: LedgerText

  /// The most that a checkpoint with all its signatures takes, in bytes.
  private static let longestNote = 64 << 10

  /// Nil for a file that does not begin with a checkpoint.
  package init?(file: String) throws(LedgerError) {
    let beginning = try onDisk { () throws(SystemError) in
      try FileDescriptor.open(
        file, flags: OpenFlags.readOnly | OpenFlags.nonBlocking
      ).read(at: 0, upTo: Self.longestNote)
    }
    // Two empty lines: one within the note, one behind it.
    var ends: [Int] = []
    for index in beginning.indices.dropFirst()
    where beginning[index] == 10 && beginning[index - 1] == 10 {
      ends.append(index)
      if ends.count == 2 { break }
    }
    guard ends.count == 2, let note = SignedCheckpoint.parse(Array(beginning[..<ends[1]]))?.first
    else { return nil }
    self.note = note
    text = try LedgerText(file: file, from: Int64(ends[1] + 1))
  }

  /// Writes a note and the lines it was signed over to a file.
  ///
  /// - Returns: whether there were as many lines; if not, nothing was written.
  package static func write(
    _ note: String, _ text: LedgerText, to path: String
  ) throws(LedgerError) -> Bool {
    guard let size = SignedCheckpoint.parse(Array(note.utf8))?.first?.checkpoint.size else {
      return false
    }
    let temporary = "\(path).new"
    return try onDisk { () throws(SystemError) in
      let flags = OpenFlags.readWrite | OpenFlags.create | OpenFlags.truncate | OpenFlags.noFollow
      let file = try FileDescriptor.open(temporary, flags: flags, mode: 0o600)
      do throws(SystemError) {
        try file.writeAll(Array(note.utf8) + [10])
        let isWhole = try text.copy(upTo: size, to: file)
        guard isWhole else {
          try Files.remove(temporary)
          return false
        }
        try file.sync()
        try Files.rename(temporary, to: path)
        return true
      } catch {
        try? Files.remove(temporary)
        throw error
      }
    }
  }
}

extension LedgerText {
  /// Writes the lines of a ledger that has so many, as far as they are kept.
  /// - Returns: whether there were as many.
  fileprivate func copy(upTo size: Int64, to file: FileDescriptor) throws(SystemError) -> Bool {
    var count: Int64?
    for part in parts {
      let reader = LineReader(storage: part)
      var end = part.range.lowerBound
      var lines = count ?? 0
      var isFirst = count == nil
      try reader.read(from: part.range.lowerBound, to: part.range.upperBound) { line, range in
        if isFirst {
          isFirst = false
          // A ledger whose beginning is no longer kept says how many lines that was.
          if let line, let json = try? JSON.parse(line.indices.map({ line[$0] })),
            let start = SegmentStart(json)
          {
            lines = start.tree.size
          }
        }
        guard lines < size else { return false }
        lines += 1
        end = range.upperBound + 1
        return true
      }
      if !isFirst { count = lines }
      var offset = part.range.lowerBound
      while offset < end {
        let bytes = try part.read(at: offset, upTo: Int(min(Int64(LineReader.piece), end - offset)))
        if bytes.isEmpty { return false }
        try file.writeAll(bytes)
        offset += Int64(bytes.count)
      }
    }
    return (count ?? 0) == size
  }
}
