import AgentToken
import JSON
import Link
import LinkMessages
import Linux
import NIOCore
import NIOPosix
import Synchronization
import Testing

@Suite struct ControlSocketHostTests {
  /// Answers each line on a socket as it is told; nil closes the connection.
  private func withDaemon(
    _ answer: @escaping @Sendable (String) -> [String]?,
    _ body: @escaping @Sendable (ControlSocketHost) async throws -> Void
  ) async throws {
    let path = "/tmp/holdfast-link-\(Hex.encode(Random.bytes(8))).sock"
    defer { try? Files.remove(path) }
    let loops = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    let server = try await ServerBootstrap(group: loops).bind(unixDomainSocketPath: path) {
      channel in
      channel.eventLoop.makeCompletedFuture {
        try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
      }
    }
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask {
        try await server.executeThenClose { connections in
          try await withThrowingDiscardingTaskGroup { group in
            for try await connection in connections {
              group.addTask { try? await Self.serve(connection, answer) }
            }
          }
        }
      }
      try await body(ControlSocketHost(path: path, group: loops))
      group.cancelAll()
    }
    try await loops.shutdownGracefully()
  }

  private static func serve(
    _ connection: NIOAsyncChannel<ByteBuffer, ByteBuffer>, _ answer: (String) -> [String]?
  ) async throws {
    try await connection.executeThenClose { inbound, outbound in
      var cutter = LineCutter(limit: 1 << 20)
      for try await piece in inbound {
        cutter.append(piece.readableBytesView)
        while let line = try cutter.next() {
          guard let lines = answer(String(decoding: line, as: UTF8.self)) else { return }
          for line in lines { try await outbound.write(ByteBuffer(string: line + "\n")) }
        }
      }
    }
  }

  @Test func asksAndIsAnswered() async throws {
    try await withDaemon(
      { ["{\"ok\":true,\"asked\":\"\($0)\"}"] },
      { host in
        let reply = try await host.ask("ack 5")
        #expect(reply["asked"]?.string == "ack 5")
      })
  }

  @Test func aRefusalIsPassedOnWithItsCode() async throws {
    let line = #"{"ok":false,"error":{"code":"expired","message":"Too late.","hint":"Hurry."}}"#
    try await withDaemon(
      { _ in [line] },
      { host in
        await #expect(throws: Refusal(.expired, "Too late.", hint: "Hurry.")) {
          try await host.ask("profile x")
        }
      })
  }

  @Test(arguments: [nil, ["no JSON"], ["{}"], [#"{"ok":false}"#]])
  func whatIsNoAnswerIsNone(answer: [String]?) async throws {
    try await withDaemon(
      { _ in answer },
      { host in
        let refusal = await #expect(throws: Refusal.self) { try await host.ask("ping") }
        #expect(refusal?.code == .hostUnreachable)
      })
  }

  @Test func nobodyThere() async throws {
    let host = ControlSocketHost(
      path: "/tmp/holdfast-link-nobody.sock", group: MultiThreadedEventLoopGroup.singleton)
    let refusal = await #expect(throws: Refusal.self) { try await host.ask("ping") }
    #expect(refusal?.code == .hostUnreachable)
  }

  @Test func recordsAreAsTheyCameAndNotMoreThanFit() async throws {
    let records = (1...300).map { #"{"seq":\#($0), "odd" : "\/"}"# }
    try await withDaemon(
      { request in
        let since = Int(request.split(separator: " ").last ?? "") ?? 1
        return Array(records.dropFirst(since - 1)) + [#"{"ok":true,"next":301}"#]
      },
      { host in
        let first = try await host.records(since: 1)
        #expect(first.count == LinkLimits.records)
        #expect(first.next == Int64(LinkLimits.records) + 1)
        let rest = try await host.records(since: first.next)
        #expect(rest.next == 301)
        #expect(
          String(decoding: first.lines + rest.lines, as: UTF8.self)
            == records.map { $0 + "\n" }.joined())
        let none = try await host.records(since: 301)
        #expect(none == LedgerBatch(next: 301))
      })
  }

  @Test func isUpUntilItIsCancelledOrTheDaemonGoes() async throws {
    let replies = Tally()
    try await withDaemon(
      { request in
        request == "link up lab" ? [#"{"ok":true,"nonce":"n"}"#] : nil
      },
      { host in
        let holding = Task {
          try await host.holdUp(cluster: "lab") { _ in replies.add() }
        }
        try await eventually { replies.count == 1 }
        holding.cancel()
        await #expect(throws: (any Error).self) { try await holding.value }
      })
    try await withDaemon(
      { _ in nil },
      { host in
        let refusal = await #expect(throws: Refusal.self) {
          try await host.holdUp(cluster: "lab") { _ in }
        }
        #expect(refusal?.code == .hostUnreachable)
      })
  }

  @Test func watchesUntilTheDaemonGoes() async throws {
    let changes = Tally()
    try await withDaemon(
      { _ in (1...3).map { _ in #"{"ok":true}"# } },
      { host in
        let watching = Task { try await host.watch { changes.add() } }
        try await eventually { changes.count == 2 }
        watching.cancel()
        await #expect(throws: (any Error).self) { try await watching.value }
      })
  }
}

private final class Tally: Sendable {
  private let value = Mutex(0)

  func add() { value.withLock { $0 += 1 } }
  var count: Int { value.withLock { $0 } }
}
