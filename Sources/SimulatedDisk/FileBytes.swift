internal import Glibc

/// What is in a file, in pages that copies of the file share: explorations keep thousands of disks, of
/// which each differs from the one before in a few bytes.
struct FileBytes: Sendable, Equatable {
  private static let pageSize = 4096
  private static let zeros = [UInt8](repeating: 0, count: pageSize)

  private(set) var count = 0
  /// The last is filled up with zeros.
  private var pages: [[UInt8]] = []

  /// What is in a range, as far as the file goes.
  func read(_ range: Range<Int>) -> [UInt8] {
    let range = range.clamped(to: 0..<count)
    var found: [UInt8] = []
    found.reserveCapacity(range.count)
    var at = range.lowerBound
    while at < range.upperBound {
      let (page, start) = at.quotientAndRemainder(dividingBy: Self.pageSize)
      let end = min(Self.pageSize, start + range.upperBound - at)
      found += pages[page][start..<end]
      at += end - start
    }
    return found
  }

  var all: [UInt8] { read(0..<count) }

  mutating func write(_ bytes: [UInt8], at offset: Int) {
    if offset + bytes.count > count { resize(to: offset + bytes.count) }
    var done = 0
    while done < bytes.count {
      let (page, start) = (offset + done).quotientAndRemainder(dividingBy: Self.pageSize)
      let end = min(Self.pageSize, start + bytes.count - done)
      let piece = bytes[done..<done + end - start]
      if piece.count == Self.pageSize, Self.areZeros(piece) {
        pages[page] = Self.zeros
      } else {
        pages[page].replaceSubrange(start..<end, with: piece)
      }
      done += end - start
    }
  }

  private static func areZeros(_ piece: ArraySlice<UInt8>) -> Bool {
    piece.withUnsafeBytes { piece in
      zeros.withUnsafeBytes { zeros in
        guard let left = piece.baseAddress, let right = zeros.baseAddress else { return true }
        return memcmp(left, right, piece.count) == 0
      }
    }
  }

  mutating func resize(to size: Int) {
    let needed = (size + Self.pageSize - 1) / Self.pageSize
    if needed < pages.count { pages.removeLast(pages.count - needed) }
    while pages.count < needed { pages.append(Self.zeros) }
    if size < count, size % Self.pageSize != 0 {
      let start = size % Self.pageSize
      pages[needed - 1].replaceSubrange(start..., with: Self.zeros[start...])
    }
    count = size
  }

  static func == (left: FileBytes, right: FileBytes) -> Bool {
    left.count == right.count
      && zip(left.pages, right.pages).allSatisfy { left, right in
        left.withUnsafeBytes { left in
          right.withUnsafeBytes { right in
            guard let left = left.baseAddress, let other = right.baseAddress else { return true }
            return left == other || memcmp(left, other, right.count) == 0
          }
        }
      }
  }
}
