internal import Linux

/// The Merkle tree over a ledger's lines, as far as it is needed to add to it: RFC 6962, section 2.1.
///
/// Of a tree of n leaves it keeps the roots of its full subtrees, largest first: one for each bit that
/// is set in n. From these follow its own root and that of every tree that grows from it.
package struct MerkleTree: Sendable, Equatable {
  /// How many leaves there are.
  package private(set) var size: Int64
  /// The roots of the full subtrees, 32 bytes each, from the first leaf on.
  package private(set) var peaks: [[UInt8]]

  package init() {
    size = 0
    peaks = []
  }

  /// A tree that goes on from one that was kept; nil where there are not as many subtrees as a tree
  /// of that size has.
  package init?(size: Int64, peaks: [[UInt8]]) {
    guard size >= 0, peaks.count == size.nonzeroBitCount, peaks.allSatisfy({ $0.count == 32 })
    else { return nil }
    self.size = size
    self.peaks = peaks
  }

  /// The hash over all leaves: 32 bytes. Of an empty tree it is that of no bytes.
  package var root: [UInt8] {
    guard var root = peaks.last else { return SHA256Hash.of([]) }
    for peak in peaks.dropLast().reversed() { root = Self.node(peak, root) }
    return root
  }

  /// The root as it is written in records: 64 hexadecimal digits.
  package var rootText: String { SHA256Hash.hex(root) }

  package mutating func append(leaf content: Span<UInt8>) {
    var hasher = Self.leafHasher()
    hasher.update(content)
    append(hash: hasher.finish())
  }

  /// Adds a leaf whose hash is known.
  mutating func append(hash leaf: [UInt8]) {
    var hash = leaf
    // Each set bit at the end is a subtree as large as what it is joined with.
    for _ in 0..<(~size).trailingZeroBitCount { hash = Self.node(peaks.removeLast(), hash) }
    peaks.append(hash)
    size += 1
  }

  /// For a leaf that comes in pieces.
  static func leafHasher() -> SHA256Hasher {
    var hasher = SHA256Hasher()
    hasher.update([0])
    return hasher
  }

  private static func node(_ left: [UInt8], _ right: [UInt8]) -> [UInt8] {
    var hasher = SHA256Hasher()
    hasher.update([1])
    hasher.update(left)
    hasher.update(right)
    return hasher.finish()
  }
}
