import AgentToken
import JSON
import Ledger
import Link
import LinkMessages
import Linux
import NIOCore
import NIOSSL
import Synchronization

/// One agent as its cluster sees it: a certificate, a long connection, reports, and a ledger.
final class SimulatedAgent: Sendable {
  let index: Int
  let wire: HTTPWire
  private let machine: String
  /// When each version of its profile came, in microseconds of the monotonic clock.
  let profiles = Mutex<[UInt64]>([])
  let isConnected = Mutex(false)
  /// What the cluster said it has kept: all below.
  let acknowledged = Mutex<Int64>(0)
  private let enrolment = Base64URL.encode(Random.bytes(16))

  private init(index: Int, wire: HTTPWire, machine: String) {
    self.index = index
    self.machine = machine
    self.wire = wire
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
    return SimulatedAgent(index: index, wire: wire, machine: machine)
  }

  /// Listens until the connection ends, and comes back until it is cancelled.
  func stay() async {
    while !Task.isCancelled {
      try? await wire.listen(machine: machine) { [self] line in
        isConnected.withLock { $0 = true }
        guard case .artefact(.profile, _)? = Downward(line: line) else { return }
        profiles.withLock { $0.append(Clock.monotonicMicroseconds()) }
      }
      isConnected.withLock { $0 = false }
      try? await Task.sleep(for: .milliseconds(200 + index % 800))
    }
  }

  func report() async throws {
    let report = Report(
      machine: machine, hostname: "web-\(index)",
      status: [
        "ok": true, "state": "protected", "version": "soak", "clock": "wall",
        "enrolment": .string(enrolment), "bundle": ["seq": 1], "revocations": 0, "profile": .null,
      ])
    _ = try await wire.post(LinkPath.report, .json, report.json.encodedBytes(), machine: machine)
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
          LinkPath.ledger, .lines, Array(piece.joined()), machine: machine)
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
