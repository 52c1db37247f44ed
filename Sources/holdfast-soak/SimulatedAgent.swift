import AgentToken
import JSON
import Ledger
import Link
import LinkMessages
import Linux
import NIOCore
import NIOSSL
import Synchronization

/// One agent as its cluster sees it: the link itself, with its certificate, its long connection and
/// its way of coming back, and a simulated daemon behind it.
final class SimulatedAgent: Sendable {
  let index: Int
  let wire: HTTPWire
  let daemon: SimulatedDaemon
  private let cluster: String
  /// What the cluster said it has kept of what was posted here: all below.
  let acknowledged = Mutex<Int64>(0)

  private init(index: Int, wire: HTTPWire, daemon: SimulatedDaemon, cluster: String) {
    self.index = index
    self.wire = wire
    self.daemon = daemon
    self.cluster = cluster
  }

  /// Enrols with a new key, from an address of its own kind: a fleet has many.
  static func enrol(
    _ index: Int, at address: String, token: String, authority: String, group: any EventLoopGroup
  ) async throws -> SimulatedAgent {
    let source = "127.0.\(index / 200 % 200 + 1).\(index % 200 + 1)"
    let endpoint = try Endpoint(address)
    let key = LinkKey()
    let machine = Hex.encode(Random.bytes(32))
    let trusted = try ServerTrust.certificates(authority)
    let first = HTTPWire(
      endpoint: endpoint, proxy: nil, tls: ServerTrust.configuration(authorities: trusted),
      group: group, from: source)
    let request = EnrolmentRequest(
      token: token, csr: try key.request(), agent: "host-\(index)", hostname: "web-\(index)",
      machine: machine, version: "soak")
    let answer: JSON
    do {
      answer = try await first.post(
        LinkPath.enroll, .json, request.json.encodedBytes(), machine: nil)
      await first.close()
    } catch {
      await first.close()
      throw error
    }
    guard let reply = EnrolmentReply(answer) else { throw SoakFailure("\(answer.encoded())") }
    let wire = HTTPWire(
      endpoint: endpoint, proxy: nil,
      tls: try ServerTrust.configuration(
        authority: reply.authority, certificate: reply.certificate, key: key.pem),
      group: group, from: source)
    return SimulatedAgent(
      index: index, wire: wire,
      daemon: try SimulatedDaemon(reply, hostname: "web-\(index)", machine: machine),
      cluster: reply.cluster)
  }

  /// Carries until it is cancelled.
  func stay() async {
    let daemon = daemon
    await Courier(
      wire: wire, host: daemon, cluster: cluster,
      bundles: BundleShelf(kept: { daemon.jws }), log: LinkLog { _, _ in }
    ).run()
  }

  /// Posts a ledger of so many records, a few at a time, going on from what was acknowledged, until
  /// all is. What is refused because the server is gone is posted again.
  func post(_ lines: [[UInt8]]) async throws {
    var tries = 0
    while true {
      let next = acknowledged.withLock { max($0, 1) }
      guard next <= Int64(lines.count) else { return }
      let piece = lines[Int(next - 1)..<min(Int(next - 1) + 8, lines.count)]
      do {
        let reply = try await wire.post(
          LinkPath.ledger, .lines, Array(piece.joined()), machine: daemon.machine)
        guard let number = reply["acknowledged"]?.integer else {
          throw SoakFailure("no number: \(reply.encoded())")
        }
        acknowledged.withLock { $0 = max($0, number) }
      } catch {
        tries += 1
        guard tries < 200 else { throw error }
        try await Task.sleep(for: .milliseconds(100))
      }
    }
  }
}
