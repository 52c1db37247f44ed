internal import Linux

/// Requests that change the state, one after the other: those that open come before those that
/// close, so that nobody can hold the way in shut by asking to protect in a loop.
final class Waiting {
  enum Kind { case release, other }

  private struct Entry {
    let number: Int
    let kind: Kind
    let run: () -> Void
    let deadline: EventSource?
  }

  private let loop: EventLoop
  private var entries: [Entry] = []
  private var next = 0

  init(loop: EventLoop) { self.loop = loop }

  var isEmpty: Bool { entries.isEmpty }

  /// Has `run` called once its turn has come, or `expired` if that takes too long.
  ///
  /// - Parameter patience: microseconds.
  func add(
    _ kind: Kind, patience: UInt64, expired: @escaping () -> Void, run: @escaping () -> Void
  ) {
    next += 1
    let number = next
    let deadline = try? loop.after(microseconds: patience) { [weak self] in
      self?.entries.removeAll { $0.number == number }
      expired()
    }
    entries.append(Entry(number: number, kind: kind, run: run, deadline: deadline))
  }

  /// Runs entries for as long as `isSettled` says that the next may be taken.
  func drain(while isSettled: () -> Bool) {
    while isSettled(), !entries.isEmpty {
      let index = entries.firstIndex { $0.kind == .release } ?? 0
      let entry = entries.remove(at: index)
      entry.deadline?.cancel()
      entry.run()
    }
  }
}
