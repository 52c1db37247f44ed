/// What can be set of a cluster; all of it has a default.
package struct ClusterSettings: Sendable, Equatable {
  /// Whether there is the role of tenant owners: for installations that customers share.
  package var tenantOwners = false
  /// How long somebody stays logged in, in seconds.
  package var session: Int64 = 12 * 3600
  /// How long a client's access token is good, in seconds.
  package var grant: Int64 = 3600
  /// How long an agent may be out of reach before that is an alarm, in seconds; 0 for never.
  package var agentGoneAfter: Int64 = 24 * 3600
  /// How long a use of a registration token waits for its agent to be heard of, in seconds.
  package var pending: Int64 = 900
  /// How long an agent's certificate is good, in seconds; it asks for another after two thirds.
  package var certificate: Int64 = 30 * 86_400

  package init() {}
}
