internal import LinkMessages
internal import Synchronization

/// The way down to one agent: lines that wait until its connection takes them.
///
/// One reader. Two thousand of these are idle most of the time, so there is nothing to it but a lock
/// and the reader that waits.
package final class AgentLink: Sendable {
  /// Where more than this waits, in bytes, nobody is reading, and the link is dropped.
  static let most = 1 << 20

  /// The agent's record.
  package let agent: String

  private struct State {
    var waiting: [UInt8] = []
    var reader: CheckedContinuation<[UInt8]?, Never>?
    /// Whether its first line, the hello, was said.
    var isOpen = false
    /// Nothing is said any more; what waits is still handed out.
    var isEnded = false
    /// Whether what waits did so at the last beat already.
    var isSlow = false
    var next: Int64 = 0
    var profile: Int64 = 0
  }

  private let state = Mutex(State())

  init(agent: String) { self.agent = agent }

  /// All lines that wait, or the next one when it comes; nil at the end, also where the task is
  /// cancelled.
  package func next() async -> [UInt8]? {
    await withTaskCancellationHandler {
      await withCheckedContinuation { reader in
        let answer: [UInt8]?? = state.withLock { state in
          state.isSlow = false
          if state.isOpen, !state.waiting.isEmpty {
            defer { state.waiting = [] }
            return .some(state.waiting)
          }
          if state.isEnded { return .some(nil) }
          state.reader = reader
          return nil
        }
        if let answer { reader.resume(returning: answer) }
      }
    } onCancel: {
      drop()
    }
  }

  /// Says its first lines, and then what others wanted to say meanwhile.
  ///
  /// - Parameter next: the record of the ledger that the hello asks for.
  func open(_ lines: [Downward], next: Int64) {
    hand { state in
      guard !state.isOpen, !state.isEnded else { return }
      state.isOpen = true
      state.next = next
      state.waiting = lines.flatMap(\.line) + state.waiting
    }
  }

  /// - Returns: whether it will be handed out, as far as can be known; where not, the link has ended.
  func say(_ line: [UInt8]) -> Bool {
    hand { state in
      guard !state.isEnded else { return }
      guard state.waiting.count + line.count <= Self.most else {
        state.isEnded = true
        state.waiting = []
        return
      }
      state.waiting += line
    }
    return !state.withLock(\.isEnded)
  }

  /// Says a last line.
  func end(_ bye: Downward) {
    hand { state in
      guard !state.isEnded else { return }
      state.isEnded = true
      if state.isOpen { state.waiting += bye.line }
    }
  }

  /// Ends it without a word.
  func drop() {
    hand { state in
      state.isEnded = true
      state.waiting = []
    }
  }

  /// Something to keep the connection, unless there is something anyway.
  ///
  /// - Returns: false where the link has ended, also because nobody took what waits since the last
  ///   beat.
  func beat(_ ping: [UInt8]) -> Bool {
    let isRead = state.withLock { state in
      if state.waiting.isEmpty { return true }
      if state.isOpen, state.isSlow { return false }
      state.isSlow = true
      return true
    }
    guard isRead else {
      drop()
      return false
    }
    return state.withLock { $0.isEnded ? false : !$0.waiting.isEmpty } || say(ping)
  }

  /// Changes what waits, and hands it to the reader if one waits too.
  private func hand(_ change: (inout State) -> Void) {
    let handed: (reader: CheckedContinuation<[UInt8]?, Never>, lines: [UInt8]?)? =
      state.withLock { state in
        change(&state)
        guard let reader = state.reader else { return nil }
        if state.isOpen, !state.waiting.isEmpty {
          defer { (state.reader, state.waiting) = (nil, []) }
          return (reader, state.waiting)
        }
        guard state.isEnded else { return nil }
        state.reader = nil
        return (reader, nil)
      }
    if let handed { handed.reader.resume(returning: handed.lines) }
  }

  // MARK: What was said

  /// The record of the ledger that the hello asked for; 0 before.
  var asked: Int64 { state.withLock(\.next) }

  /// The highest version of a profile that was said here.
  var profile: Int64 {
    get { state.withLock(\.profile) }
    set { state.withLock { $0.profile = max($0.profile, newValue) } }
  }
}
