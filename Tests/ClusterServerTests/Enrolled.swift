import AgentToken
import AsyncHTTPClient
import Cluster
import Crypto
import JSON
import LinkMessages
import Linux
import NIOCore
import NIOHTTP1
import SwiftASN1
import Testing
import X509

@testable import ClusterServer

/// A host that enrolled, as its link would.
struct Enrolled {
  let reply: EnrolmentReply
  let client: HTTPClient
  let machine: String

  /// A signing request and its key, as PEM.
  static func request() throws -> (csr: String, key: String) {
    let key = P256.Signing.PrivateKey()
    let csr = try CertificateSigningRequest(
      version: .v1, subject: DistinguishedName { CommonName("agent") },
      privateKey: .init(key), attributes: .init())
    return (try csr.serializeAsPEM().pemString, key.pemRepresentation)
  }

  /// A certificate that an authority made for an agent nobody knows.
  static func certificate(
    _ authority: CertificateAuthority, cluster: String
  ) async throws -> (pem: String, key: String) {
    let (csr, key) = try request()
    let made = try authority.certify(
      csr: csr, for: Identity(cluster: cluster, tenant: "red", agent: "web-1"),
      at: Clock.wall(), lifetime: 86_400)
    return (made.pem, key)
  }

  /// Makes a registration token and enrols with it.
  static func host(
    _ agent: String, tenant: String, _ server: LiveServer, by token: String
  ) async throws -> Enrolled {
    let made = try await server.ask(
      .POST, "/api/v1/registration-tokens", ["entries": [["tenant": .string(tenant)]]],
      token: token)
    #expect(made.status == 201, "\(made.json)")
    let text = try #require(made.json["items"]?.array?.first?["text"]?.string)
    let (csr, key) = try request()
    let machine = Hex.encode(Random.bytes(32))
    let request = EnrolmentRequest(
      token: text, csr: csr, agent: agent, hostname: agent, machine: machine, version: "1.0")
    let answer = try await server.ask(.POST, LinkPath.enroll, request.json)
    #expect(answer.status == 200, "\(answer.json)")
    let reply = try #require(EnrolmentReply(answer.json))
    return Enrolled(
      reply: reply,
      client: HTTPClient(
        eventLoopGroupProvider: .singleton,
        configuration: try LiveServer.trusting(
          reply.authority, certificate: (reply.certificate, key))),
      machine: machine)
  }

  func ask(
    _ server: LiveServer, _ path: String, _ json: JSON
  ) async throws -> LiveServer.Reply {
    try await server.ask(
      .POST, path, json, headers: [(LinkPath.machineHeader, machine)], by: client)
  }

  /// The lines of a stream, until it ends.
  func lines(_ server: LiveServer) -> AsyncThrowingStream<Downward, any Error> {
    AsyncThrowingStream { continuation in
      let task = Task {
        do {
          var request = HTTPClientRequest(url: server.base + LinkPath.stream)
          request.headers.add(name: LinkPath.machineHeader, value: machine)
          let response = try await client.execute(request, timeout: .seconds(60))
          guard response.status == .ok else { throw Unexpected(status: Int(response.status.code)) }
          var rest: [UInt8] = []
          for try await part in response.body {
            rest += part.readableBytesView
            while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
              if let line = Downward(line: Array(rest[..<end])) { continuation.yield(line) }
              rest.removeSubrange(...end)
            }
          }
          continuation.finish()
        } catch {
          continuation.finish(throwing: error)
        }
      }
      continuation.onTermination = { _ in task.cancel() }
    }
  }

  struct Unexpected: Error { let status: Int }
}
