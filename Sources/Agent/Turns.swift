/// Work that waits for answers in its middle and must not be done twice at once: one after the other.
final class Turns {
  private var waiting: [(@escaping () -> Void) -> Void] = []
  private var isTaken = false

  /// Runs `work` when its turn has come; it calls what it is given, once, when it is done.
  func take(_ work: @escaping (_ done: @escaping () -> Void) -> Void) {
    waiting.append(work)
    next()
  }

  private func next() {
    guard !isTaken, !waiting.isEmpty else { return }
    isTaken = true
    let work = waiting.removeFirst()
    var isDone = false
    work { [weak self] in
      guard !isDone else { return }
      isDone = true
      self?.isTaken = false
      self?.next()
    }
  }
}
