/// Where a cluster takes what hosts' links say. All is JSON over HTTP/1.1 and TLS; all but `enroll` and
/// `authority` ask for the agent's certificate.
package enum LinkPath {
  /// GET: the certificate that all others here lead to, as PEM. For whoever has its fingerprint.
  package static let authority = "/link/v1/authority"
  /// POST `EnrolmentRequest`, answered with `EnrolmentReply`.
  package static let enroll = "/link/v1/enroll"
  /// GET: a response without end, one `Downward` a line.
  package static let stream = "/link/v1/stream"
  /// POST `Report`, answered with `{}`.
  package static let report = "/link/v1/report"
  /// POST records of the ledger, one a line, exactly as they are in it; answered with
  /// `{"acknowledged":N}`: all below N is kept.
  package static let ledger = "/link/v1/ledger"
  /// POST `{"csr":PEM}`, answered with `{"certificate":PEM}`.
  package static let renew = "/link/v1/renew"
  /// POST `{"jws":…}`: a trust bundle that is newer than the cluster's.
  package static let bundle = "/link/v1/bundle"

  /// A header: what tells the host's machine from a copy of it (`Report.machine`), said with each
  /// request but `enroll` and `authority`.
  package static let machineHeader = "Holdfast-Machine"
}

/// Limits that both sides keep to, in bytes and seconds.
package enum LinkLimits {
  /// A line down: a trust bundle with what is around it.
  package static let line = 384 << 10
  /// A report.
  package static let report = 512 << 10
  /// One post of ledger records.
  package static let ledger = 1 << 20
  /// Records in one post.
  package static let records = 256
  package static let enrolment = 64 << 10
  /// How often the cluster says something, so that NAT and proxies keep the connection.
  package static let heartbeat: Int64 = 25
  /// After how long without a line the link gives the connection up.
  package static let silence: Int64 = 80
  /// The longest that a link waits before it tries again.
  package static let longestWait: Int64 = 300
  /// How often an agent reports even if nothing changed.
  package static let reportInterval: Int64 = 300
}
