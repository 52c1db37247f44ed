extension Endpoint {
  /// All there is.
  static let all: [Endpoint] =
    ProbeEndpoints.all + SessionEndpoints.all + TenantEndpoints.all + AccountEndpoints.all
    + RegistrationTokenEndpoints.all + AgentEndpoints.all + AgentTokenEndpoints.all
    + ProfileEndpoints.all + AlarmEndpoints.all + AuditEndpoints.all + TrustEndpoints.all
    + LinkEndpoints.all
}
