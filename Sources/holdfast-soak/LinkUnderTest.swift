import AgentToken
import Foundation
import JSON
import Link
import LinkMessages
import Linux
import NIOCore
import NIOPosix

/// `holdfast-link run` as its package has it, in a mount namespace of its own where its state and a
/// simulated daemon's control socket are in their places.
final class LinkUnderTest {
  private let directory: String
  private let process: Process
  private let daemon: any Channel
  let host: SimulatedDaemon

  /// Enrols, and starts it.
  init(
    _ server: ServerUnderTest, token: RegistrationTokenText, authority: String,
    group: any EventLoopGroup
  ) async throws {
    directory = "\(server.directory)/link"
    for name in ["", "/run", "/state"] {
      try Files.makeDirectory(directory + name, mode: 0o700, parents: false)
    }
    let machine = Hex.encode(Random.bytes(32))
    let reply = try await Enroller(
      endpoint: try Endpoint(server.address), proxy: nil, token: token, authority: authority,
      agent: "host-with-a-link", hostname: "web-with-a-link", machine: machine, version: "soak"
    ).enrol(in: StateDirectory("\(directory)/state"), group: group)
    host = try SimulatedDaemon(reply, hostname: "web-with-a-link", machine: machine)
    daemon = try await Self.listen("\(directory)/run/control.sock", host, group)
    let program = "\(directory)/holdfast-link"
    try Self.strip(ServerUnderTest.beside("holdfast-link"), to: program)
    let log = "\(directory)/log"
    _ = FileManager.default.createFile(atPath: log, contents: nil)
    let asRoot = getuid() == 0 ? [] : ["--user", "--map-root-user"]
    process = try ServerUnderTest.start(
      "/usr/bin/unshare", asRoot + ["--mount", "sh", "-ec", Self.places, "sh", directory],
      log: log)
  }

  private static let places = """
    mount --make-rprivate /
    mount -t tmpfs none /run
    mount -t tmpfs none /var/lib
    mkdir /run/holdfast /var/lib/holdfast-link
    mount --bind "$1/run" /run/holdfast
    mount --bind "$1/state" /var/lib/holdfast-link
    exec "$1/holdfast-link" run
    """

  /// As packaging/build-deb.sh does it.
  private static func strip(_ program: String, to path: String) throws {
    let strip = Process()
    strip.executableURL = URL(fileURLWithPath: "/usr/bin/strip")
    strip.arguments = [
      "--strip-all", "--remove-section=.comment", "--remove-section=.note", "-o", path, program,
    ]
    try strip.run()
    strip.waitUntilExit()
    guard strip.terminationStatus == 0 else { throw SoakFailure("\(program) cannot be stripped") }
  }

  func memory() throws -> Int64 {
    guard process.isRunning, host.isConnected else {
      throw SoakFailure("the link is not connected: see \(directory)/log")
    }
    return try ServerUnderTest.memory(of: process.processIdentifier)
  }

  func end() async {
    process.terminate()
    process.waitUntilExit()
    try? await daemon.close()
  }

  // MARK: The daemon's control socket

  private static func listen(
    _ path: String, _ host: SimulatedDaemon, _ group: any EventLoopGroup
  ) async throws -> any Channel {
    try await ServerBootstrap(group: group).childChannelInitializer { channel in
      channel.eventLoop.makeCompletedFuture {
        let connection = try NIOAsyncChannel<ByteBuffer, ByteBuffer>(
          wrappingChannelSynchronously: channel)
        Task { try? await serve(connection, host) }
      }
    }.bind(unixDomainSocketPath: path).get()
  }

  private static func serve(
    _ connection: NIOAsyncChannel<ByteBuffer, ByteBuffer>, _ host: SimulatedDaemon
  ) async throws {
    try await connection.executeThenClose { inbound, outbound in
      var cutter = LineCutter(limit: 1 << 20)
      var isHolding = false
      defer { if isHolding { host.change { $0.isConnected = false } } }
      for try await piece in inbound {
        cutter.append(piece.readableBytesView)
        while let bytes = try cutter.next() {
          let line = String(decoding: bytes, as: UTF8.self)
          if line.hasPrefix("link up") {
            isHolding = true
            host.change { $0.isConnected = true }
          }
          try await outbound.write(ByteBuffer(bytes: await answer(line, host)))
        }
      }
    }
  }

  private static func answer(_ line: String, _ host: SimulatedDaemon) async -> [UInt8] {
    do throws(Refusal) {
      var records: [UInt8] = []
      if line.hasPrefix("events since "), let since = Int64(line.dropFirst(13)) {
        records = try await host.records(since: since).lines
      }
      return records + (try await host.ask(line)).encodedBytes() + [UInt8(ascii: "\n")]
    } catch {
      let reply: JSON = ["ok": false, "error": error.json]
      return reply.encodedBytes() + [UInt8(ascii: "\n")]
    }
  }
}
