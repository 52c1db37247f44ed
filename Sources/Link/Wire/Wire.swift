package import AgentToken
package import JSON

/// The way to the cluster: one long response, and short posts.
package protocol Wire: Sendable {
  /// Hands over the lines of the long response, one after the other, until it ends.
  ///
  /// - Parameter machine: what tells this machine from a copy of it.
  /// - Throws: `Refusal` where it cannot be had or breaks, and whatever `onLine` throws.
  func listen(
    machine: String, _ onLine: @escaping @Sendable ([UInt8]) async throws -> Void) async throws

  /// Posts, and returns what is answered.
  ///
  /// - Parameter machine: as above; nil where nobody is enrolled yet.
  /// - Throws: what the server refuses with, `cluster_unreachable`, `cluster_untrusted`.
  func post(
    _ path: String, _ type: ContentType, _ body: [UInt8], machine: String?
  ) async throws(Refusal) -> JSON
}

package enum ContentType: String, Sendable {
  case json = "application/json"
  case lines = "application/x-ndjson"
}

extension Refusal.Code {
  /// No connection, or one that broke.
  package static let clusterUnreachable = Self(rawValue: "cluster_unreachable")
  /// Whoever answers is not known to be the cluster.
  package static let clusterUntrusted = Self(rawValue: "cluster_untrusted")
  /// What was answered makes no sense.
  package static let clusterMalformed = Self(rawValue: "cluster_malformed")
  /// The cluster wants to be asked less often.
  package static let tooManyRequests = Self(rawValue: "too_many_requests")
  /// The cluster wants a trust bundle that this host has and it has not.
  package static let bundleBehind = Self(rawValue: "bundle_behind")
}
