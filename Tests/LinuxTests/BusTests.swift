import Glibc
import Testing

@testable import Linux

@Suite struct BusTests {
  @Test(arguments: [
    ("filebeat.service", "/org/freedesktop/systemd1/unit/filebeat_2eservice"),
    ("a-b@c\\x2d.service", "/org/freedesktop/systemd1/unit/a_2db_40c_5cx2d_2eservice"),
    ("1.mount", "/org/freedesktop/systemd1/unit/_31_2emount"),
    ("", "/org/freedesktop/systemd1/unit/_"),
  ])
  func encodesUnitNames(unit: String, path: String) {
    #expect(Bus.objectPath(unit: unit) == path)
    #expect(Bus.unit(objectPath: path) == unit)
  }

  @Test func otherObjectsAreNoUnits() {
    #expect(Bus.unit(objectPath: "/org/freedesktop/systemd1/job/1") == nil)
  }

  @Test func escapesAddresses() {
    #expect(Bus.escaped("/run/a-b_c.d") == "/run/a-b_c.d")
    #expect(Bus.escaped("a,b;c=d%") == "a%2cb%3bc%3dd%25")
  }

  @Test func matchRulesCannotBeBroken() throws {
    let rule = BusMatchRule(
      path: "/a", interface: "b.c", member: "D", argument: "filebeat.service")
    #expect(
      try rule.text()
        == "type='signal',path='/a',interface='b.c',member='D',arg0='filebeat.service'")
    let broken = BusMatchRule(interface: "b.c", member: "D", argument: "x',path='/")
    #expect(throws: BusError.self) { try broken.text() }
  }
}

/// A manager that accepts connections and does no more than a test says.
@Suite struct BusConnectionTests {
  let directory: TemporaryDirectory
  let listener: FileDescriptor
  let loop: EventLoop
  let bus: Bus

  init() throws {
    directory = try TemporaryDirectory()
    listener = try UnixSocket.listen(directory("private"))
    loop = try EventLoop()
    bus = try Bus.connectToManager(path: directory("private"))
    try bus.attach(to: loop)
  }

  func ping(_ reply: @escaping (Result<BusMessage, BusError>) -> Void) throws -> BusCall {
    try bus.call(
      path: "/", interface: "org.freedesktop.DBus.Peer", member: "Ping", timeout: 30_000,
      reply: reply)
  }

  func run(microseconds: UInt64 = 2_000_000, until done: () -> Bool) throws {
    let end = Clock.monotonicMicroseconds() + microseconds
    while !done() && Clock.monotonicMicroseconds() < end {
      _ = try loop.runOnce(timeout: 20_000)
    }
  }

  @Test func fails() {
    #expect(throws: SystemError.self) { try Bus.connectToManager(path: directory("none")) }
  }

  @Test func aManagerThatHangsIsNotWaitedFor() throws {
    var results: [Result<BusMessage, BusError>] = []
    let call = try ping { results.append($0) }
    #expect(call.isPending)
    #expect(results.isEmpty)
    try run { !results.isEmpty }
    #expect(results.count == 1)
    #expect(!call.isPending)
    if case .failure(let error) = results.first {
      #expect(error.name == BusError.Name.noReply)
      #expect(error.errno == ETIMEDOUT)
    } else {
      Issue.record("an answer from nobody")
    }
  }

  @Test func aLostConnectionIsToldOnceAfterItsCalls() throws {
    var events: [String] = []
    let call = try ping { result in
      if case .failure(let error) = result { events.append(error.name) }
    }
    bus.onDisconnect = { events.append("disconnected") }
    var server: FileDescriptor?
    while server == nil { server = try UnixSocket.accept(listener) }
    server = nil
    try run { events.count == 2 }
    try run(microseconds: 50_000) { false }
    #expect(events == [BusError.Name.noReply, "disconnected"])
    #expect(!bus.isReady)
    withExtendedLifetime(call) {}
  }

  @Test func aDisconnectHandlerMayDropTheBus() throws {
    final class Owner {
      var bus: Bus?
      var call: BusCall?
      var match: BusMatch?
    }
    let owner = Owner()
    weak var gone: Bus?
    do {
      let bus = try Bus.connectToManager(path: directory("private"))
      try bus.attach(to: loop)
      owner.bus = bus
      gone = bus
      owner.match = try bus.onSignal(interface: "a.b", member: "C") { _ in }
      owner.call = try bus.call(path: "/", interface: "a.b", member: "D") { _ in
        owner.call = nil
      }
      bus.onDisconnect = {
        owner.match = nil
        owner.bus = nil
      }
    }
    var accepted: [FileDescriptor] = []
    while accepted.count < 2 {
      if let server = try UnixSocket.accept(listener) { accepted.append(server) }
    }
    accepted.removeAll()
    try run { owner.bus == nil }
    #expect(gone == nil)
    #expect(owner.call == nil)
  }

  @Test func cancelledAndDroppedCallsGetNoReply() throws {
    var replies = 0
    let cancelled = try ping { _ in replies += 1 }
    cancelled.cancel()
    _ = try ping { _ in replies += 1 }
    try run(microseconds: 100_000) { false }
    #expect(replies == 0)
  }

  @Test func aKeptCallLivesUntilItsReply() throws {
    var replies = 0
    try ping { _ in replies += 1 }.keepUntilReply()
    try run { replies > 0 }
    #expect(replies == 1)
  }

  @Test func whatBuildThrowsIsThrown() {
    struct Problem: Error {}
    #expect(throws: Problem.self) {
      _ = try bus.call(path: "/", interface: "a.b", member: "C") { _ in
        throw Problem()
      } reply: { _ in
      }
    }
    #expect(throws: BusError.self) {
      _ = try bus.call(path: "no path", interface: "a.b", member: "C") { _ in }
    }
  }
}
