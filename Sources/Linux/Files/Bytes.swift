internal import Glibc

package enum Bytes {
  /// Where `needle` first stands in `haystack` at or after `start` (memmem(3)); nil if nowhere.
  package static func find(_ needle: [UInt8], in haystack: [UInt8], from start: Int = 0) -> Int? {
    guard start >= 0, start <= haystack.count else { return nil }
    return haystack.withUnsafeBytes { hay in
      needle.withUnsafeBytes { wanted in
        guard let base = hay.baseAddress, let what = wanted.baseAddress,
          let found = memmem(base + start, hay.count - start, what, wanted.count)
        else { return nil }
        return UnsafeRawPointer(found) - base
      }
    }
  }
}
