internal import AgentToken
internal import Cluster
internal import ClusterClient
internal import Issuing
internal import Link
internal import Linux

extension ClusterAccess {
  /// What is asked, and as whom: what the environment says, else where somebody logged in.
  ///
  /// Of a session, nothing goes to a cluster that the environment names.
  static func current() throws(Refusal) -> ClusterAccess {
    let token = variable("HOLDFAST_CLUSTER_TOKEN")
    if let url = variable("HOLDFAST_CLUSTER_URL") {
      guard let token else {
        throw Refusal(
          .unauthenticated, "HOLDFAST_CLUSTER_URL is set, and HOLDFAST_CLUSTER_TOKEN is not.")
      }
      return ClusterAccess(
        endpoint: try Endpoint(url), trust: try environmentTrust() ?? .system, token: token)
    }
    guard let session = try SavedSession.read() else {
      throw Refusal(.unauthenticated, "Nobody is logged in to a cluster here.")
    }
    guard token != nil || session.expires > Clock.wall() else {
      throw Refusal(
        .unauthenticated, "The session ended at \(LocalTime.text(session.expires)).")
    }
    var access = try session.access()
    if let token { access.token = token }
    return access
  }

  /// What to do where nobody knows who is asking.
  static var wayIn: String {
    variable("HOLDFAST_CLUSTER_TOKEN") != nil || variable("HOLDFAST_CLUSTER_URL") != nil
      ? "Set HOLDFAST_CLUSTER_TOKEN to an access token: POST /oauth/token gives one."
      : "Log in: holdfast-cluster login"
  }

  static func environmentTrust() throws(Refusal) -> Trust? {
    guard let path = variable("HOLDFAST_CLUSTER_CA") else { return nil }
    return try trust(file: path)
  }

  static func trust(file path: String) throws(Refusal) -> Trust {
    do {
      return .authority(try Files.text(path, limit: 1 << 20))
    } catch {
      throw Refusal(error, "read \(path)")
    }
  }

  static func variable(_ name: String) -> String? {
    Environment.value(of: name).flatMap { $0.isEmpty ? nil : $0 }
  }
}
