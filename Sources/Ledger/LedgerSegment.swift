package import JSON
internal import Linux

/// A part of the ledger that was put away because it had become large enough.
struct LedgerSegment: Equatable {
  /// The `seq` of its first record, after which its file is called.
  let first: Int64
  /// Bytes.
  let size: Int64

  var name: String { Self.name(first) }

  private static let prefix = "ledger-"
  private static let suffix = ".jsonl"
  private static let digits = 12

  static func name(_ first: Int64) -> String {
    let number = "\(first)"
    return prefix + String(repeating: "0", count: max(0, digits - number.count)) + number + suffix
  }

  /// Those in a directory, the oldest first; files with other names are none.
  static func list(_ directory: String) throws(SystemError) -> [LedgerSegment] {
    guard try Files.status(directory, follow: true) != nil else { return [] }
    var found: [LedgerSegment] = []
    for name in try Files.list(directory) where name.hasPrefix(prefix) && name.hasSuffix(suffix) {
      guard let first = Int64(name.dropFirst(prefix.count).dropLast(suffix.count)),
        name == self.name(first), let status = try Files.status("\(directory)/\(name)"),
        status.kind == .regular
      else { continue }
      found.append(LedgerSegment(first: first, size: status.size))
    }
    return found.sorted { $0.first < $1.first }
  }
}

/// What a file of the ledger begins with, unless it is the first: where the tree stood.
package struct SegmentStart {
  package let tree: MerkleTree

  init(_ tree: MerkleTree) {
    self.tree = tree
  }

  /// Nil where a record is none of these.
  package init?(_ record: JSON) {
    guard record["event"]?.string == LedgerEvent.segment, let lines = record["lines"]?.integer,
      let peaks = record["peaks"]?.array
    else { return nil }
    let hashes = peaks.compactMap { $0.string.flatMap(Hex.decode) }
    guard hashes.count == peaks.count, let tree = MerkleTree(size: lines, peaks: hashes) else {
      return nil
    }
    self.tree = tree
  }

  var details: [JSON.Member] {
    [
      .init(name: "lines", value: .integer(tree.size)),
      .init(name: "peaks", value: .array(tree.peaks.map { .string(Hex.encode($0)) })),
    ]
  }
}
