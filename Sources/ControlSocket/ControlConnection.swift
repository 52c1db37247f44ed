package import AgentToken
package import JSON
package import Linux

/// One client: its requests are answered one after the other, in the order in which they came.
///
/// Nothing a client does or leaves undone costs another one anything: a line has a length and a
/// deadline, and a reply that is not read goes down with its connection.
package final class ControlConnection {
  package let peer: Peer
  /// Microseconds of CLOCK_MONOTONIC at the last byte in either direction.
  private(set) var lastActive: UInt64
  /// A request was handed over and is not answered yet.
  private(set) var isAnswering = false
  /// It asked for what was found to be its right, and waits for its turn: it gives way to nobody.
  package var isHeld = false
  /// What is being asked.
  package var verb = ""
  /// Something lasts for as long as it is open: it gives way to nobody either.
  package var isKept = false
  /// It came just now, and has not asked for anything yet: it gets the time to.
  var isNew: Bool { !hasAsked && Clock.monotonicMicroseconds() - accepted < Self.welcome }
  private var hasAsked = false
  private let accepted = Clock.monotonicMicroseconds()
  /// Microseconds.
  private static let welcome: UInt64 = 500_000
  /// Called when the connection is gone.
  private var closers: [() -> Void] = []

  private let loop: EventLoop
  /// Nil once closed: others may hold on to this object, but not to the socket.
  private var socket: FileDescriptor?
  private let lineTimeout: UInt64
  private let handle: (ControlRequest, ControlConnection) -> Void
  private let removed: (ControlConnection) -> Void
  private var source: EventSource?
  private var deadline: EventSource?
  private var framer = LineFramer()
  private var output: [UInt8] = []
  private var more: (() -> JSON?)?
  private var sawEnd = false
  private var closesAfterReply = false
  private var isServing = false
  private var turn: EventSource?

  /// So that nobody who sends many at once keeps others waiting: requests, and microseconds.
  private static let requestsPerTurn = 4
  private static let longestTurn: UInt64 = 2_000
  /// Replies that wait for a slow reader: bytes. More of a stream is made only below this.
  private static let outputLimit = 64 << 10

  init(
    loop: EventLoop, socket: FileDescriptor, peer: Peer, lineTimeout: UInt64,
    handle: @escaping (ControlRequest, ControlConnection) -> Void,
    removed: @escaping (ControlConnection) -> Void
  ) throws(SystemError) {
    self.loop = loop
    self.socket = socket
    self.peer = peer
    self.lineTimeout = lineTimeout
    self.handle = handle
    self.removed = removed
    lastActive = Clock.monotonicMicroseconds()
    source = try loop.watch(socket.raw, for: [.in]) { [weak self] events in self?.ready(events) }
    try armDeadline()
  }

  /// Looks at once whether there is a request already.
  func begin() { read() }

  // MARK: Answering

  /// Answers the request in hand; `members` come after `"ok":true`.
  package func succeed(_ members: [JSON.Member] = []) {
    reply(.object([JSON.Member(name: "ok", value: true)] + members))
  }

  package func refuse(_ refusal: Refusal) {
    reply(["ok": false, "error": refusal.json])
  }

  package func reply(_ json: JSON) {
    guard isAnswering else { return }
    isAnswering = false
    isHeld = false
    send(json)
    serve()
  }

  /// Answers with lines made as the reader takes them; `next` returns nil after the last one.
  package func stream(_ next: @escaping () -> JSON?) {
    guard isAnswering else { return }
    more = next
    flush()
  }

  /// One more line for a client that watches. A watcher that does not read is dropped.
  package func push(_ json: JSON) {
    guard source != nil else { return }
    guard output.count < Self.outputLimit else { return close() }
    send(json)
  }

  /// Whether anybody may still be there.
  package var isOpen: Bool { source != nil }

  /// Has `run` called when the connection is gone, however it went; at once where it is.
  package func atClose(_ run: @escaping () -> Void) {
    isOpen ? closers.append(run) : run()
  }

  package func close() {
    guard source != nil else { return }
    source?.cancel()
    source = nil
    deadline?.cancel()
    deadline = nil
    turn?.cancel()
    turn = nil
    more = nil
    socket = nil
    isAnswering = false
    let last = closers
    closers = []
    for run in last { run() }
    removed(self)
  }

  // MARK: Reading

  private func ready(_ events: IOEvents) {
    if events.contains(.out) { flush() }
    guard source != nil else { return }
    if events.contains(.in) {
      read()
    } else if !events.isDisjoint(with: [.hangup, .error]) {
      close()
    }
  }

  private func read() {
    do {
      guard let bytes = try socket?.tryRead(upTo: 16 << 10) else { return }
      lastActive = Clock.monotonicMicroseconds()
      if bytes.isEmpty { sawEnd = true } else { framer.append(bytes) }
    } catch {
      return close()
    }
    serve()
  }

  /// Hands over the next request, if one is complete and none is being answered.
  private func serve() {
    // A request may be answered before `handle` returns: that must not recurse once a line.
    guard !isServing else { return }
    isServing = true
    turn = nil
    var taken = 0
    let began = Clock.monotonicMicroseconds()
    while source != nil, !isAnswering, !closesAfterReply, output.count < Self.outputLimit {
      if taken == Self.requestsPerTurn
        || taken > 0 && Clock.monotonicMicroseconds() - began > Self.longestTurn
      {
        // Others have their turn before this one goes on.
        turn = try? loop.soon { [weak self] in self?.serve() }
        if turn != nil { break }
      }
      switch framer.next() {
      case .line(let line):
        taken += 1
        hasAsked = true
        isAnswering = true
        deadline?.cancel()
        deadline = nil
        do throws(Refusal) {
          handle(try ControlRequest(line: line), self)
        } catch {
          isAnswering = false
          send(["ok": false, "error": error.json])
        }
        continue
      case .tooLong:
        closesAfterReply = true
        send([
          "ok": false,
          "error": Refusal(
            .lineTooLong,
            "A request line is at most \(LineFramer.standardLimit) bytes long."
          ).json,
        ])
      case .incomplete:
        if framer.isMidLine, deadline == nil { try? armDeadline() }
      }
      break
    }
    isServing = false
    settle()
  }

  /// Listens for what may come next, and closes once nothing can.
  private func settle() {
    guard source != nil else { return }
    if !isAnswering, turn == nil, output.isEmpty, sawEnd || closesAfterReply { return close() }
    let wantsInput =
      turn == nil && !isAnswering && !sawEnd && !closesAfterReply && output.count < Self.outputLimit
    var interest: IOEvents = []
    if wantsInput { interest.insert(.in) }
    if !output.isEmpty { interest.insert(.out) }
    source?.interest = interest
  }

  // MARK: Writing

  private func send(_ json: JSON) {
    output += Array(json.encoded().utf8) + [UInt8(ascii: "\n")]
    flush()
  }

  private func flush() {
    var turns = 0
    repeat {
      turns += 1
      while output.count < Self.outputLimit, let next = more {
        guard let line = next() else {
          more = nil
          isAnswering = false
          break
        }
        output += Array(line.encoded().utf8) + [UInt8(ascii: "\n")]
      }
      do {
        while !output.isEmpty {
          guard let written = try socket?.tryWrite(output[...]) else { break }
          output.removeFirst(written)
          lastActive = Clock.monotonicMicroseconds()
          deadline?.cancel()
          deadline = nil
        }
      } catch {
        return close()
      }
    } while more != nil && output.isEmpty && turns < 2
    if more != nil, output.isEmpty {
      // A reader who keeps up gets the rest, after others had their turn.
      turn = try? loop.soon { [weak self] in
        self?.turn = nil
        self?.flush()
      }
    }
    if !output.isEmpty, deadline == nil { try? armDeadline() }
    if !isServing { serve() }
  }

  private func armDeadline() throws(SystemError) {
    deadline = try loop.after(microseconds: lineTimeout) { [weak self] in self?.close() }
  }
}
