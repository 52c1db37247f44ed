/// Folds refusals: whoever knocks a thousand times a minute gets one record with a count.
///
/// Keyed on uid and code; a minute is one of the wall clock. When the clock is set back within it,
/// that begins another one.
struct RefusalFolds {
  struct Fold: Equatable {
    /// The first refusal; the record is about this one.
    let event: LedgerEvent
    var count: Int64
    /// When the last one was, in seconds since the epoch.
    var last: Int64

    fileprivate var minute: Int64 { RefusalFolds.minute(of: event.wall) }
  }

  private struct Key: Hashable {
    /// nil for those without a peer, and for all beyond `maxOpen`.
    let uid: UInt32?
    let code: String
  }

  /// More folds than this are not open at a time: further peers are folded together by code.
  static let maxOpen = 256

  private var folds: [Key: Fold] = [:]

  var isEmpty: Bool { folds.isEmpty }

  /// Takes a refusal in; what its coming ends is returned, to be recorded.
  mutating func add(_ event: LedgerEvent) -> [Fold] {
    let ended = take { $0.minute != Self.minute(of: event.wall) }
    var event = event
    var key = Key(uid: event.peer?.uid, code: event.outcome)
    if folds[key] == nil, folds.count >= Self.maxOpen {
      key = Key(uid: nil, code: event.outcome)
      event.peer = nil
    }
    if var fold = folds[key] {
      fold.count += 1
      fold.last = event.wall
      folds[key] = fold
    } else {
      folds[key] = Fold(event: event, count: 1, last: event.wall)
    }
    return ended
  }

  /// Those whose minute is not the one of `now`, in the order in which they began.
  mutating func ended(now: Int64) -> [Fold] {
    take { $0.minute != Self.minute(of: now) }
  }

  mutating func all() -> [Fold] {
    take { _ in true }
  }

  private mutating func take(where isTaken: (Fold) -> Bool) -> [Fold] {
    let taken = folds.filter { isTaken($0.value) }
    if taken.isEmpty { return [] }
    for key in taken.keys { folds[key] = nil }
    return taken.sorted { left, right in
      (left.value.event.wall, left.key.uid ?? .max, left.key.code)
        < (right.value.event.wall, right.key.uid ?? .max, right.key.code)
    }.map(\.value)
  }

  private static func minute(of time: Int64) -> Int64 {
    let (minute, rest) = time.quotientAndRemainder(dividingBy: 60)
    return rest < 0 ? minute - 1 : minute
  }
}
