/// What not every role may do. Seeing is another matter (`Visibility`).
package enum Permission: String, Sendable, CaseIterable {
  case administerServer
  case manageTenants
  case manageAccounts
  case readAccounts
  case createRegistrationTokens
  case issueTokens
  case manageProfiles
  case retireAgents
  case labelAgents
  case protectAgents
  case acknowledgeAlarms
  case readAudit

  package var roles: Set<AccessRole> {
    switch self {
    case .administerServer, .manageTenants, .manageProfiles: [.siteAdministrator]
    case .manageAccounts: [.siteAdministrator, .tenantOwner]
    case .createRegistrationTokens, .retireAgents, .labelAgents:
      [.siteAdministrator, .tenantOwner, .agentInstaller]
    case .issueTokens, .protectAgents:
      [.siteAdministrator, .customerSupport, .tenantOwner, .agentInstaller]
    case .acknowledgeAlarms: [.siteAdministrator, .customerSupport, .tenantOwner]
    case .readAccounts, .readAudit: [.siteAdministrator, .tenantOwner, .auditor]
    }
  }

  /// After "may not".
  var phrase: String {
    switch self {
    case .administerServer: "administer the server"
    case .manageTenants: "manage tenants"
    case .manageAccounts: "manage accounts"
    case .readAccounts: "see accounts"
    case .createRegistrationTokens: "manage registration tokens"
    case .issueTokens: "issue agent tokens"
    case .manageProfiles: "manage profiles"
    case .retireAgents: "retire agents"
    case .labelAgents: "label agents"
    case .protectAgents: "protect agents"
    case .acknowledgeAlarms: "acknowledge alarms"
    case .readAudit: "read the audit log"
    }
  }
}
