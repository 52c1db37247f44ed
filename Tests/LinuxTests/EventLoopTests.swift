import Glibc
import Linux
import Testing

/// Each test runs a loop of its own to its end, on one thread.
@Suite struct EventLoopTests {
  /// Ends a loop whose test has failed to.
  func limit(_ loop: EventLoop) throws -> EventSource {
    try loop.after(microseconds: 10_000_000) {
      Issue.record("nothing happened")
      loop.exit(code: 99)
    }
  }

  @Test func returnsTheCode() throws {
    let loop = try EventLoop()
    try loop.soon { loop.exit(code: 7) }
    #expect(try loop.run() == 7)
  }

  @Test func soonHappensOnceAndCanBeTakenBack() throws {
    let loop = try EventLoop()
    var count = 0
    try loop.soon { count += 1 }
    let taken = try loop.soon { count += 100 }
    taken.cancel()
    while try loop.runOnce(timeout: 0) {}
    #expect(count == 1)
  }

  @Test func timersGoOffInOrderAndOnce() throws {
    let loop = try EventLoop()
    let limit = try limit(loop)
    var order: [String] = []
    let start = Clock.boottimeMicroseconds()
    let late = try loop.after(microseconds: 30_000) {
      order.append("late")
      loop.exit(code: 0)
    }
    let early = try loop.after(microseconds: 10_000) { order.append("early") }
    let never = try loop.after(microseconds: 20_000) { order.append("never") }
    never.cancel()
    #expect(try loop.run() == 0)
    #expect(order == ["early", "late"])
    #expect(Clock.boottimeMicroseconds() - start >= 30_000)
    #expect(!early.isEnabled)
    withExtendedLifetime((late, limit)) {}
  }

  @Test func aTimerCanBeSetAgain() throws {
    let loop = try EventLoop()
    let limit = try limit(loop)
    var count = 0
    var timer: EventSource?
    timer = try loop.after(microseconds: 1000) {
      count += 1
      if count == 3 { loop.exit(code: 0) } else { timer?.restart(microseconds: 1000) }
    }
    #expect(try loop.run() == 0)
    #expect(count == 3)
    // The handler holds its own source.
    timer?.cancel()
    withExtendedLifetime(limit) {}
  }

  @Test func periodsRepeat() throws {
    let loop = try EventLoop()
    let limit = try limit(loop)
    var count = 0
    let timer = try loop.every(microseconds: 2000) {
      count += 1
      if count == 5 { loop.exit(code: 0) }
    }
    #expect(try loop.run() == 0)
    #expect(throws: SystemError.self) { try loop.every(microseconds: 0) {} }
    withExtendedLifetime((timer, limit)) {}
  }

  @Test func missedPeriodsAreSkipped() throws {
    let loop = try EventLoop()
    var count = 0
    let timer = try loop.every(microseconds: 10_000) {
      count += 1
      if count == 1 { usleep(55_000) }
    }
    while count < 2 { _ = try loop.runOnce(timeout: 1_000_000) }
    #expect(try !loop.runOnce(timeout: 0))
    #expect(count == 2)
    withExtendedLifetime(timer) {}
  }

  @Test func droppingASourceEndsIt() throws {
    let loop = try EventLoop()
    var fired = false
    _ = try loop.after(microseconds: 0) { fired = true }
    #expect(try !loop.runOnce(timeout: 10_000))
    #expect(!fired)
  }

  @Test func aHandlerMayCancelAndDropItsOwnSource() throws {
    final class Owner {
      var source: EventSource?
      var count = 0
    }
    let loop = try EventLoop()
    let (mine, its) = try UnixSocket.pair()
    try its.writeAll([1])
    weak var gone: Owner?
    do {
      let owner = Owner()
      gone = owner
      // The handler owns the owner of the source: only cancel breaks the ring.
      owner.source = try loop.watch(mine, for: .in) { _ in
        owner.count += 1
        owner.source?.cancel()
        owner.source = nil
      }
    }
    #expect(try loop.runOnce(timeout: 1_000_000))
    #expect(try !loop.runOnce(timeout: 10_000))
    #expect(gone == nil)
  }

  @Test func tellsWhenADescriptorIsReady() throws {
    let loop = try EventLoop()
    let (mine, its) = try UnixSocket.pair()
    var seen: [IOEvents] = []
    let source = try loop.watch(mine.raw, for: .in) { seen.append($0) }
    #expect(try !loop.runOnce(timeout: 0))
    try its.writeAll([1])
    #expect(try loop.runOnce(timeout: 1_000_000))
    #expect(seen.last?.contains(.in) == true)
    _ = try mine.read(upTo: 10)
    source.interest = .out
    #expect(source.interest == .out)
    #expect(try loop.runOnce(timeout: 1_000_000))
    #expect(seen.last == .out)
    source.isEnabled = false
    #expect(try !loop.runOnce(timeout: 0))
  }

  @Test func keepsTheDescriptorItWatches() throws {
    let loop = try EventLoop()
    var (mine, its): (FileDescriptor?, FileDescriptor) = try UnixSocket.pair()
    var events: IOEvents = []
    let source = try loop.watch(try #require(mine), for: .in) { events = $0 }
    mine = nil
    try its.writeAll([1])
    #expect(try loop.runOnce(timeout: 1_000_000))
    #expect(events.contains(.in))
    source.cancel()
    #expect(source.isCancelled)
  }

  @Test func seesChangesInADirectory() throws {
    let loop = try EventLoop()
    let directory = try TemporaryDirectory()
    var seen: [InotifyEvent] = []
    let queue = try InotifyQueue(loop: loop) { _, event in seen.append(event) }
    _ = try queue.add(directory.path, .changes)
    try Files.writeAtomically(directory("file"), "text", sync: false)
    try Files.remove(directory("file"))
    while try loop.runOnce(timeout: 50_000) {}
    #expect(seen.contains { $0.mask.contains(.movedTo) && $0.name == "file" })
    #expect(seen.last?.mask == .delete)
    #expect(seen.last?.name == "file")
    let from = seen.first { $0.mask.contains(.movedFrom) }
    let to = seen.first { $0.mask.contains(.movedTo) }
    #expect(from?.cookie == to?.cookie)
    withExtendedLifetime(queue) {}
  }

  @Test func saysWhenAWatchIsGone() throws {
    let loop = try EventLoop()
    let directory = try TemporaryDirectory()
    try Files.touch(directory("file"))
    var masks: InotifyMask = []
    var watches: Set<Int32?> = []
    let queue = try InotifyQueue(loop: loop) { watch, event in
      watches.insert(watch)
      masks.formUnion(event.mask)
      #expect(event.name == nil)
    }
    let watch = try queue.add(directory("file"), .changes)
    #expect(try queue.add(directory("file"), .closeNoWrite) == watch)
    _ = try Files.read(directory("file"))
    try Files.remove(directory("file"))
    while try loop.runOnce(timeout: 50_000) {}
    #expect(watches == [watch])
    #expect(masks.isSuperset(of: [.closeNoWrite, .deleteSelf, .ignored]))
    let error = #expect(throws: SystemError.self) { try queue.add(directory("file"), .changes) }
    #expect(error?.errno == ENOENT)
  }

  @Test func takesSignals() throws {
    let loop = try EventLoop()
    var seen: SignalInfo?
    let source = try loop.onSignal(SIGUSR1) { (info: SignalInfo) in
      seen = info
      loop.exit(code: 3)
    }
    // To this thread only: the others of a test have it unblocked.
    #expect(pthread_kill(pthread_self(), SIGUSR1) == 0)
    #expect(try loop.run() == 3)
    #expect(seen?.signal == SIGUSR1)
    #expect(seen?.pid == getpid())
    withExtendedLifetime(source) {}
  }

  @Test func seesAProcessEnd() throws {
    let loop = try EventLoop()
    let limit = try limit(loop)
    let child = try Child("sleep", "60")
    let process = try Processes.pidfdOpen(child.pid)
    #expect(!Processes.hasEnded(process))
    var count = 0
    let source = try loop.onExit(of: process) {
      count += 1
      loop.exit(code: 0)
    }
    try Processes.signal(process, SIGKILL)
    #expect(try loop.run() == 0)
    #expect(count == 1)
    #expect(Processes.hasEnded(process))
    withExtendedLifetime((source, limit)) {}
  }

  @Test func importantThingsGoFirst() throws {
    let loop = try EventLoop()
    var order: [Int] = []
    let last = try loop.after(microseconds: 0) { order.append(3) }
    let middle = try loop.after(microseconds: 0) { order.append(2) }
    let first = try loop.after(microseconds: 0) { order.append(1) }
    last.priority = 100
    first.priority = -100
    #expect(first.priority == -100)
    for _ in 0..<3 { #expect(try loop.runOnce(timeout: 1_000_000)) }
    #expect(order == [1, 2, 3])
    withExtendedLifetime(middle) {}
  }

  @Test func hasNoWatchdogOutsideAUnit() throws {
    #expect(try !EventLoop().enableWatchdog())
  }
}
