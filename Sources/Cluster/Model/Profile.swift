/// What agents protect, and how strictly: one text of the configuration's keys, in versions.
package struct Profile: Sendable, Equatable {
  package let id: String
  package let name: String
  /// The only tenant that may use it; nil for all.
  package let tenant: String?
  /// Of the text: 1 and up.
  package let version: Int64
  /// The settings as JSON (`ProfileSettings`).
  package let settings: String
  package let changedAt: Int64
  package let changedBy: String

  package init(
    id: String, name: String, tenant: String?, version: Int64, settings: String, changedAt: Int64,
    changedBy: String
  ) {
    self.id = id
    self.name = name
    self.tenant = tenant
    self.version = version
    self.settings = settings
    self.changedAt = changedAt
    self.changedBy = changedBy
  }
}

/// Which agents a profile is for: those of a tenant, all or with one label. The narrower one counts,
/// and of two that are as narrow the one whose label comes first.
package struct ProfileAssignment: Sendable, Equatable {
  package let profile: String
  package let tenant: String
  /// NAME=VALUE; nil for every agent of the tenant.
  package let label: String?

  package init(profile: String, tenant: String, label: String?) {
    self.profile = profile
    self.tenant = tenant
    self.label = label
  }
}
