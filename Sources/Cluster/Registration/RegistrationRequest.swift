package import AgentToken

/// A registration token that is asked for: for one tenant, always.
package struct RegistrationRequest: Sendable, Equatable {
  package enum Lifetime: Sendable, Equatable {
    case seconds(Int64)
    /// Only by saying so.
    case unlimited
  }

  package static let lifetimes: ClosedRange<Int64> = 3600...365 * 86_400
  package static let usualLifetime = Lifetime.seconds(3 * 86_400)
  package static let uses: ClosedRange<Int64> = 1...100_000
  package static let descriptionLengths = 0...256

  package var tenant: String
  package var description: String
  /// The profile that agents get which enrol with it.
  package var profile: String?
  package var allowsHighAssurance: Bool
  /// Whether whoever makes it may apply and revoke that profile for the agents it enrols.
  package var managesProfile: Bool
  package var uses: Int64
  package var lifetime: Lifetime

  package init(
    tenant: String, description: String = "", profile: String? = nil,
    allowsHighAssurance: Bool = true, managesProfile: Bool = false, uses: Int64 = 1,
    lifetime: Lifetime = RegistrationRequest.usualLifetime
  ) {
    self.tenant = tenant
    self.description = description
    self.profile = profile
    self.allowsHighAssurance = allowsHighAssurance
    self.managesProfile = managesProfile
    self.uses = uses
    self.lifetime = lifetime
  }

  /// When it would expire; nil for never.
  func expires(from now: Int64) -> Int64? {
    switch lifetime {
    case .seconds(let seconds): now + seconds
    case .unlimited: nil
    }
  }
}

/// An entry of a review: what would be made of it, or why nothing would.
package struct ReviewedRegistration: Sendable {
  package let request: RegistrationRequest
  /// The tenant's and the profile's names, for people; nil where it would be refused.
  package let tenantName: String?
  package let profileName: String?
  /// Were it made now; nil for never.
  package let expires: Int64?
  /// Why it would not be made.
  package let refusal: Refusal?
}
