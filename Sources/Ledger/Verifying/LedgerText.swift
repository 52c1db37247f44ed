internal import Linux

/// A ledger's files as they lie on the disk, opened to be read by anybody who may; the daemon need not
/// run.
package struct LedgerText {
  /// One file, or the part of one that has lines in it.
  final class Part: LedgerBytes {
    let name: String
    let range: Range<Int64>
    private let file: FileDescriptor

    init(_ path: String, from start: Int64 = 0) throws(SystemError) {
      name = path.split(separator: "/").last.map(String.init) ?? path
      file = try FileDescriptor.open(
        path, flags: OpenFlags.readOnly | OpenFlags.noFollow | OpenFlags.nonBlocking)
      let status = try file.status()
      guard status.kind == .regular else {
        throw SystemError(
          errno: ErrorNumber.invalidArgument, operation: "open \(path): not a regular file")
      }
      range = min(start, status.size)..<status.size
    }

    var inode: UInt64? { try? file.status().inode }

    func read(at offset: Int64, upTo count: Int) throws(SystemError) -> [UInt8] {
      try file.read(at: offset, upTo: count)
    }
  }

  let parts: [Part]

  /// The files of a ledger's directory, the oldest first.
  package init(directory: String) throws(LedgerError) {
    parts = try onDisk { () throws(SystemError) in try Self.open(directory) }
  }

  /// A single file with lines in it, from an offset on.
  package init(file: String, from start: Int64 = 0) throws(LedgerError) {
    parts = try onDisk { () throws(SystemError) in [try Part(file, from: start)] }
  }

  private static func open(_ directory: String) throws(SystemError) -> [Part] {
    // A daemon that runs may begin a new file meanwhile.
    for _ in 0..<8 {
      let before = try LedgerSegment.list(directory)
      let current = try Part("\(directory)/\(Ledger.fileName)")
      var parts: [Part] = []
      for segment in before { parts.append(try Part("\(directory)/\(segment.name)")) }
      // A crash while that was done leaves one file with two names.
      parts.removeAll { $0.inode == current.inode }
      if try LedgerSegment.list(directory) == before,
        try Files.status("\(directory)/\(Ledger.fileName)")?.inode == current.inode
      {
        return parts + [current]
      }
    }
    throw SystemError(
      errno: ErrorNumber.inputOutput, operation: "read a ledger that keeps changing")
  }

  /// Goes through all of it.
  package func verify(known: [KnownHead] = []) throws(LedgerError) -> LedgerVerifier.Report {
    var verifier = LedgerVerifier(known: known)
    try onDisk { () throws(SystemError) in
      for part in parts {
        verifier.begin(file: part.name)
        let reader = LineReader(storage: part)
        var going = verifier
        let end = try reader.read(from: part.range.lowerBound, to: part.range.upperBound) {
          line, range throws(SystemError) in
          var content: [UInt8]?
          if let line { content = line.indices.map { line[$0] } }
          try going.take(content, leaf: reader.leafHash(of: range))
          return true
        }
        verifier = going
        if end < part.range.upperBound { verifier.takeTorn(bytes: part.range.upperBound - end) }
      }
    }
    return verifier.finish()
  }

  /// Hands over each whole line, without its line feed; those that are too long are passed over.
  package func forEachLine(_ body: ([UInt8]) -> Void) throws(LedgerError) {
    try onDisk { () throws(SystemError) in
      for part in parts {
        try LineReader(storage: part).read(from: part.range.lowerBound, to: part.range.upperBound) {
          line, _ in
          if let line { body(line.indices.map { line[$0] }) }
          return true
        }
      }
    }
  }
}
