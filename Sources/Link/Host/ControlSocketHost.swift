package import AgentToken
package import JSON
internal import LinkMessages
internal import Linux
package import NIOCore
internal import NIOPosix

/// holdfastd, by its control socket: a connection for each question, and two that stay open.
package struct ControlSocketHost: Host {
  private let path: String
  private let group: any EventLoopGroup

  /// Seconds for a reply: re-protecting a host may take a minute.
  private static let patience = 90
  /// How often the nonce is renewed: seconds.
  private static let renewal = 6 * 3600
  /// Bytes of a reply line.
  private static let lineLimit = 4 << 20

  package init(path: String = "/run/holdfast/control.sock", group: any EventLoopGroup) {
    self.path = path
    self.group = group
  }

  package var hostname: String { Machine.hostName() }

  package func ask(_ line: String) async throws(Refusal) -> JSON {
    try await converse { replies, outbound in
      try await outbound.write(Self.request(line))
      return try await replies.reply()
    }
  }

  package func records(since sequence: Int64) async throws(Refusal) -> LedgerBatch {
    try await converse { replies, outbound in
      try await outbound.write(Self.request("events since \(sequence)"))
      var batch = LedgerBatch(next: sequence)
      while batch.count < LinkLimits.records {
        let line = try await replies.line()
        let json = try Self.parse(line)
        guard let number = json["seq"]?.integer else {
          _ = try Self.accepted(json)
          break
        }
        guard batch.lines.count + line.count < LinkLimits.ledger else { break }
        batch.lines += line + [UInt8(ascii: "\n")]
        batch.count += 1
        batch.next = number + 1
      }
      return batch
    }
  }

  package func holdUp(
    cluster: String, _ onReply: @escaping @Sendable (JSON) async -> Void
  ) async throws {
    try await keep { replies, outbound in
      let request = Self.request("link up \(cluster)")
      try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask {
          while true {
            try await outbound.write(request)
            try await Task.sleep(for: .seconds(Self.renewal))
          }
        }
        defer { group.cancelAll() }
        while true { await onReply(try await replies.reply()) }
      }
    }
  }

  package func watch(_ onChange: @escaping @Sendable () async -> Void) async throws {
    try await keep { replies, outbound in
      try await outbound.write(Self.request("watch"))
      // The first line says how things are, and whoever says that the link is up asks anyway.
      _ = try await replies.reply()
      while true {
        _ = try await replies.reply()
        await onChange()
      }
    }
  }

  // MARK: Connections

  private typealias Outbound = NIOAsyncChannelOutboundWriter<ByteBuffer>

  /// One question and its answer, within their time.
  private func converse<Result: Sendable>(
    _ body: @escaping @Sendable (inout Replies, Outbound) async throws -> Result
  ) async throws(Refusal) -> Result {
    do {
      return try await within(seconds: Self.patience) { try await keep(body) }
    } catch let refusal as Refusal {
      throw refusal
    } catch is TooLate {
      throw Refusal(.hostUnreachable, "holdfastd did not answer in time.")
    } catch {
      throw Refusal(.hostUnreachable, "holdfastd cannot be reached.")
    }
  }

  private func keep<Result: Sendable>(
    _ body: @escaping @Sendable (inout Replies, Outbound) async throws -> Result
  ) async throws -> Result {
    let channel: NIOAsyncChannel<ByteBuffer, ByteBuffer>
    do {
      channel = try await ClientBootstrap(group: group).connectTimeout(.seconds(5)).connect(
        unixDomainSocketPath: path
      ) { channel in
        channel.eventLoop.makeCompletedFuture {
          try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
        }
      }
    } catch {
      throw Refusal(
        .hostUnreachable, "holdfastd cannot be reached at \(path).",
        hint: "systemctl status holdfastd.socket")
    }
    return try await channel.executeThenClose { inbound, outbound in
      var replies = Replies(inbound: inbound.makeAsyncIterator())
      return try await body(&replies, outbound)
    }
  }

  private static func request(_ line: String) -> ByteBuffer { ByteBuffer(string: line + "\n") }

  /// Reply lines of one connection.
  private struct Replies {
    var inbound: NIOAsyncChannelInboundStream<ByteBuffer>.AsyncIterator
    var cutter = LineCutter(limit: ControlSocketHost.lineLimit)

    mutating func line() async throws -> [UInt8] {
      while true {
        if let line = try cutter.next() { return line }
        guard let piece = try await inbound.next() else {
          throw Refusal(.hostUnreachable, "holdfastd closed the connection.")
        }
        cutter.append(piece.readableBytesView)
      }
    }

    mutating func reply() async throws -> JSON {
      try ControlSocketHost.accepted(ControlSocketHost.parse(try await line()))
    }
  }

  private static func parse(_ line: [UInt8]) throws(Refusal) -> JSON {
    do throws(JSON.ParseError) {
      return try JSON.parse(line, limits: .init(maxBytes: lineLimit))
    } catch {
      throw Refusal(.hostUnreachable, "holdfastd answered with no JSON: \(error).")
    }
  }

  /// The reply, where it says `ok`.
  private static func accepted(_ reply: JSON) throws(Refusal) -> JSON {
    if reply["ok"]?.bool == true { return reply }
    guard let error = reply["error"], let code = error["code"]?.string else {
      throw Refusal(.hostUnreachable, "holdfastd answered with neither yes nor no.")
    }
    throw Refusal(
      Refusal.Code(rawValue: code), error["message"]?.string ?? "holdfastd refused it.",
      hint: error["hint"]?.string)
  }
}
