import AgentToken
import ControlSocket
import Foundation
import JSON
import Linux
import Testing

/// The server on a real socket, driven in the test's own thread: clients write, the loop turns,
/// clients read.
@Suite final class ControlServerTests {
  let loop: EventLoop
  let path: String
  var server: ControlServer?
  /// Requests that were handed over and are answered by the test.
  var pending: [(ControlRequest, ControlConnection)] = []

  init() throws {
    loop = try EventLoop()
    path = "\(NSTemporaryDirectory())hf-\(UUID().uuidString.prefix(8)).sock"
  }

  deinit {
    server?.close()
    try? Files.remove(path)
  }

  /// Answers `echo WORD…` at once; keeps everything else for the test.
  func start(_ limits: ConnectionLimits = ConnectionLimits()) throws {
    let server = ControlServer(loop: loop, limits: limits) { [unowned self] request, connection in
      if request.verb == "echo" {
        connection.succeed([.init(name: "words", value: .array(request.arguments.map(JSON.string)))]
        )
      } else {
        pending.append((request, connection))
      }
    }
    try server.listen(on: UnixSocket.listen(path, mode: 0o600))
    self.server = server
  }

  func connect() throws -> FileDescriptor {
    let socket = try UnixSocket.connect(path)
    try turn()
    try socket.setNonBlocking(true)
    return socket
  }

  func turn() throws { while try loop.runOnce(timeout: 500) {} }

  func send(_ text: String, to socket: FileDescriptor) throws {
    try socket.writeAll(Array(text.utf8))
    try turn()
  }

  /// Everything that can be read now; nil at the end of the connection.
  func read(_ socket: FileDescriptor) throws -> [String]? {
    var bytes: [UInt8] = []
    while let piece = try socket.tryRead(upTo: 1 << 16) {
      if piece.isEmpty { return bytes.isEmpty ? nil : lines(bytes) }
      bytes += piece
    }
    return lines(bytes)
  }

  func lines(_ bytes: [UInt8]) -> [String] {
    String(decoding: bytes, as: UTF8.self).split(separator: "\n").map(String.init)
  }

  func code(_ line: String?) throws -> String? {
    try JSON.parse(Array((line ?? "null").utf8))["error"]?["code"]?.string
  }

  @Test func answersInOrderAndStaysOpen() throws {
    try start()
    let socket = try connect()
    try send("echo a\necho b\necho ", to: socket)
    #expect(try read(socket) == [#"{"ok":true,"words":["a"]}"#, #"{"ok":true,"words":["b"]}"#])
    try send("c\n", to: socket)
    #expect(try read(socket) == [#"{"ok":true,"words":["c"]}"#])
    #expect(server?.connectionCount == 1)
  }

  /// The next request waits for the answer to the one before.
  @Test func requestsOfOneConnectionQueue() throws {
    try start()
    let socket = try connect()
    try send("slow 1\necho 2\n", to: socket)
    #expect(pending.count == 1)
    #expect(try read(socket) == [])
    pending[0].1.succeed()
    try turn()
    #expect(try read(socket) == [#"{"ok":true}"#, #"{"ok":true,"words":["2"]}"#])
  }

  @Test func aSlowAnswerDisturbsNobodyElse() throws {
    try start()
    let slow = try connect()
    try send("slow\n", to: slow)
    let other = try connect()
    try send("echo x\n", to: other)
    #expect(try read(other) == [#"{"ok":true,"words":["x"]}"#])
  }

  @Test func badLinesAreAnsweredAndTheConnectionGoesOn() throws {
    try start()
    let socket = try connect()
    try send("echo  x\necho y\n", to: socket)
    let replies = try #require(try read(socket))
    #expect(try code(replies.first) == "bad_arguments")
    #expect(replies.last == #"{"ok":true,"words":["y"]}"#)
  }

  @Test func afterLineTooLongItCloses() throws {
    try start()
    let socket = try connect()
    try send(String(repeating: "a", count: 5000), to: socket)
    #expect(try code(try read(socket)?.first) == "line_too_long")
    #expect(try read(socket) == nil)
    #expect(server?.connectionCount == 0)
  }

  /// `printf … | socat -` closes its half before it reads.
  @Test func aHalfClosedClientStillGetsItsAnswer() throws {
    try start()
    let socket = try connect()
    try socket.writeAll(Array("slow\n".utf8))
    try UnixSocket.finishWriting(socket)
    try turn()
    pending[0].1.succeed()
    try turn()
    #expect(try read(socket) == [#"{"ok":true}"#])
    #expect(try read(socket) == nil)
  }

  /// However many it sends at once, and whether it closed its half behind them or not.
  @Test func everyRequestOfAHalfClosedClientIsAnswered() throws {
    try start()
    let socket = try connect()
    try socket.writeAll(Array(String(repeating: "echo x\n", count: 50).utf8))
    try UnixSocket.finishWriting(socket)
    try turn()
    #expect(
      try read(socket) == [String](repeating: #"{"ok":true,"words":["x"]}"#, count: 50))
    #expect(try read(socket) == nil)
  }

  @Test func anUnfinishedLineIsNotWaitedForEver() throws {
    try start(ConnectionLimits(lineTimeout: 30_000))
    let silent = try connect()
    let half = try connect()
    try send("ech", to: half)
    let idle = try connect()
    try send("echo x\n", to: idle)
    Thread.sleep(forTimeInterval: 0.05)
    try turn()
    #expect(try read(silent) == nil)
    #expect(try read(half) == nil)
    #expect(try read(idle) == [#"{"ok":true,"words":["x"]}"#])
    #expect(server?.connectionCount == 1)
  }

  @Test func theLongestIdleGivesWayToANewcomer() throws {
    try start(ConnectionLimits(connections: 8, connectionsPerUser: 3))
    let first = try connect()
    let busy = try connect()
    try send("slow\n", to: busy)
    let third = try connect()
    Clock.sleep(microseconds: 600_000)  // longer than a newcomer has for its first request
    try send("echo x\n", to: first)  // the third is now the one that was idle longest
    let fourth = try connect()
    try send("echo y\n", to: fourth)
    #expect(try read(third) == nil)
    #expect(try read(first) == [#"{"ok":true,"words":["x"]}"#])
    #expect(try read(fourth) == [#"{"ok":true,"words":["y"]}"#])
    pending[0].1.succeed()
    try turn()
    #expect(try read(busy) == [#"{"ok":true}"#])
  }

  @Test func aThousandConnectionsLeaveRoomForTheNext() throws {
    try start()
    var sockets: [FileDescriptor] = []
    for _ in 0..<1000 { sockets.append(try connect()) }
    #expect(server?.connectionCount == 16)
    let socket = try connect()
    try send("echo x\n", to: socket)
    #expect(try read(socket) == [#"{"ok":true,"words":["x"]}"#])
    withExtendedLifetime(sockets) {}
  }

  @Test func aReaderThatDoesNotReadIsDropped() throws {
    try start(ConnectionLimits(lineTimeout: 30_000))
    let socket = try connect()
    try send("stream\n", to: socket)
    var made = 0
    pending[0].1.stream {
      made += 1
      return .string(String(repeating: "x", count: 1000))
    }
    try turn()
    // Made only as fast as it is taken.
    #expect(made < 2000)
    Thread.sleep(forTimeInterval: 0.05)
    try turn()
    #expect(server?.connectionCount == 0)
  }

  @Test func streamsEndAndTheNextRequestFollows() throws {
    try start()
    let socket = try connect()
    try send("stream\necho after\n", to: socket)
    var left = 3
    pending[0].1.stream {
      left -= 1
      return left >= 0 ? .integer(Int64(left)) : nil
    }
    try turn()
    #expect(try read(socket) == ["2", "1", "0", #"{"ok":true,"words":["after"]}"#])
  }

  @Test func whoIsGoneIsForgotten() throws {
    try start()
    var socket: FileDescriptor? = try connect()
    var closed = false
    try send("watch\n", to: try #require(socket))
    pending[0].1.atClose { closed = true }
    socket = nil
    try turn()
    #expect(closed)
    #expect(server?.connectionCount == 0)
  }
}
