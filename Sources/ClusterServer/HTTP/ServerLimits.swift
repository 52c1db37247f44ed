/// How much the server takes.
package struct ServerLimits: Sendable {
  /// Connections in all.
  package var connections = 20_000
  /// Connections of one source that showed no agent's certificate.
  package var perSource = 256
  /// Connections with one certificate: its stream, its posts, and those that a dead network left.
  package var perAgent = 16
  /// KiB of its ledger that an agent may send at once, and then every minute. A host that was away for
  /// weeks has the first; what it has beyond that takes its time.
  package var ledger: (burst: Int64, perMinute: Int64) = (16 << 10, 32)
  /// Requests that are being answered at once; streams do not count.
  package var inWork = 512
  /// Bytes of a request's line and headers.
  package var headers = 16 << 10
  package var headerCount = 64
  /// Until the first request has come with all its headers, TLS included, in seconds.
  package var firstRequest: Int64 = 20
  /// Until the next request has come, in seconds.
  package var nextRequest: Int64 = 75
  /// Until a body has come, in seconds.
  package var body: Int64 = 60
  /// For how long a reader may take nothing, in seconds.
  package var stall: Int64 = 60

  package init() {}
}
