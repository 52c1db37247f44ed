package import AgentToken
internal import AsyncHTTPClient
internal import JSON
internal import Linux
internal import NIOCore
internal import NIOHTTP1
internal import NIOPosix
internal import NIOSSL

/// What goes wrong on the way to a cluster, as sentences.
package enum Problems {
  /// What a server says it refuses with (RFC 9457; RFC 6749, section 5.2), as it is.
  package static func refusal(status: UInt, body: [UInt8], of endpoint: Endpoint) -> Refusal {
    guard
      let json = try? JSON.parse(body, limits: .init(maxBytes: 64 << 10, maxDepth: 4)),
      let code = json["code"]?.string, isCode(code)
    else {
      return Refusal(
        .clusterUnreachable, "\(endpoint.text) answers with HTTP status \(status).",
        hint: "Is it the address of a cluster, and does the way there lead through a proxy?")
    }
    let text =
      [json["detail"], json["error_description"], json["title"]].lazy.compactMap { $0?.string }
      .first
      ?? "The cluster refused it."
    return Refusal(
      Refusal.Code(rawValue: code), LinkLog.printable(text, limit: 1_000),
      hint: json["hint"]?.string.map { LinkLog.printable($0, limit: 1_000) })
  }

  private static func isCode(_ text: String) -> Bool {
    (1...64).contains(text.utf8.count)
      && text.utf8.allSatisfy {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0)
          || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) || $0 == UInt8(ascii: "_")
      }
  }

  /// What the network libraries say.
  package static func refusal(_ error: any Error, of endpoint: Endpoint) -> Refusal {
    switch error {
    case let refusal as Refusal: refusal
    case let error as HTTPClientError: refusal(error, endpoint)
    case let error as NIOConnectionError: refusal(error, endpoint)
    case let error as NIOSSLError: refusal(error, endpoint)
    case let error as BoringSSLError: refusal(.handshakeFailed(error), endpoint)
    case let error as NIOSSLExtraError where error == .failedToValidateHostname:
      Refusal(
        .clusterUntrusted, "The server's certificate is not for \(endpoint.host).",
        hint: """
          Use a name that its certificate has, or add this one there: Name= in cluster.conf, or \
          serve --name.
          """)
    case is HTTPParserError: unreachable(endpoint, "it broke off, or speaks no HTTP")
    case is LineCutter.TooLong:
      Refusal(.clusterMalformed, "\(endpoint.text) sent a line without end.")
    default: unreachable(endpoint, LinkLog.printable("\(error)", limit: 300))
    }
  }

  private static func refusal(_ error: HTTPClientError, _ endpoint: Endpoint) -> Refusal {
    switch error {
    case .proxyAuthenticationRequired:
      Refusal(
        .clusterUnreachable, "The proxy wants a name and a password.",
        hint: "Put them into HTTPS_PROXY: http://NAME:PASSWORD@HOST:PORT")
    case .invalidProxyResponse, .httpProxyHandshakeTimeout:
      Refusal(
        .clusterUnreachable, "The proxy did not let us through to \(endpoint.text).",
        hint: "HTTPS_PROXY and NO_PROXY say which proxy is used and when.")
    case .readTimeout: unreachable(endpoint, "it has been silent for too long")
    case .remoteConnectionClosed: unreachable(endpoint, "it closed the connection")
    case .connectTimeout, .deadlineExceeded, .tlsHandshakeTimeout, .getConnectionFromPoolTimeout:
      unreachable(endpoint, "it did not answer in time")
    default: unreachable(endpoint, LinkLog.printable(error.description, limit: 300))
    }
  }

  private static func refusal(_ error: NIOSSLError, _ endpoint: Endpoint) -> Refusal {
    let text = "\(error)"
    if text.contains("CERTIFICATE_VERIFY_FAILED") {
      return Refusal(
        .clusterUntrusted,
        "The server at \(endpoint.text) has a certificate that does not lead to the authority this "
          + "host trusts, or that is not valid now.",
        hint: "Is it the right cluster, and is this host's clock right?")
    }
    if text.contains("ALERT") {
      return Refusal(
        .clusterUnreachable,
        "The server at \(endpoint.text) does not take this host's certificate.",
        hint: "If it has expired or this agent was retired, enrol the host again.")
    }
    return unreachable(endpoint, "TLS fails: \(LinkLog.printable(text, limit: 300))")
  }

  private static func refusal(_ error: NIOConnectionError, _ endpoint: Endpoint) -> Refusal {
    let why =
      switch error.connectionErrors.first?.error {
      case let error as IOError: SystemError(errno: error.errnoCode, operation: "").reason
      case nil: "its name cannot be resolved"
      default: "it did not answer in time"
      }
    if error.host == endpoint.host, error.port == endpoint.port {
      return unreachable(endpoint, why)
    }
    return Refusal(
      .clusterUnreachable,
      "The proxy at \(LinkLog.printable(error.host, limit: 255)):\(error.port) cannot be reached: "
        + "\(why).", hint: "HTTPS_PROXY and NO_PROXY say which proxy is used and when.")
  }

  private static func unreachable(_ endpoint: Endpoint, _ why: String) -> Refusal {
    Refusal(.clusterUnreachable, "The cluster at \(endpoint.text) cannot be reached: \(why).")
  }
}
