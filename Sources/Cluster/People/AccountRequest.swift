/// An account that is asked for.
package struct AccountRequest: Sendable {
  package var kind: Account.Kind
  package var name: String
  package var role: AccessRole
  /// The only tenants that there are for it; nil for all.
  package var tenants: [String]?
  /// Of a person; where nil, one is made. A client's secret is always made.
  package var password: String?

  package init(
    kind: Account.Kind, name: String, role: AccessRole, tenants: [String]? = nil,
    password: String? = nil
  ) {
    self.kind = kind
    self.name = name
    self.role = role
    self.tenants = tenants
    self.password = password
  }
}

/// What is to be different about an account; nil for what stays.
package struct AccountChange: Sendable {
  package var role: AccessRole?
  /// `.some(nil)`: all tenants from now on.
  package var tenants: [String]??
  package var isDisabled: Bool?

  package init(role: AccessRole? = nil, tenants: [String]?? = nil, isDisabled: Bool? = nil) {
    self.role = role
    self.tenants = tenants
    self.isDisabled = isDisabled
  }
}
