package import AgentToken
internal import JSON
internal import Linux

/// What an agent is to run.
package struct EffectiveProfile: Sendable, Equatable {
  /// nil where there is none any more: what the last one said is to be taken back.
  package let profile: Profile?
  let settings: JSON
  /// SHA-256 of the settings, in hexadecimal.
  let hash: String

  /// The profile's id and version.
  var source: String { profile.map { "\($0.id):\($0.version)" } ?? "" }

  /// - Returns: nil where the settings cannot be read, which is never so of what was kept here.
  init?(_ profile: Profile) {
    guard let settings = try? JSON.parse(Array(profile.settings.utf8)) else { return nil }
    self.profile = profile
    self.settings = settings
    hash = SHA256Hash.hex(SHA256Hash.of(Array(profile.settings.utf8)))
  }

  private init() {
    profile = nil
    settings = .object([])
    hash = SHA256Hash.hex(SHA256Hash.of(Array(settings.encoded().utf8)))
  }

  /// Settings that name nothing: a host goes back to its own.
  static let nothing = EffectiveProfile()
}

/// Decides which profile is in force for an agent: its own, else the one assigned to a label of it,
/// else its tenant's. Reads what it needs of the store once.
struct ProfileChoice: Sendable {
  private let assignments: [String: [ProfileAssignment]]
  private let store: any ClusterStore
  private var known: [String: EffectiveProfile?] = [:]

  init(_ store: any ClusterStore) async throws(Refusal) {
    self.store = store
    assignments = Dictionary(grouping: try await store.assignments(), by: \.tenant)
  }

  mutating func profile(of agent: AgentRecord) async throws(Refusal) -> EffectiveProfile? {
    if let own = agent.ownProfile, let found = try await look(up: own, for: agent) { return found }
    let labels = agent.labels.map { "\($0.key)=\($0.value)" }.sorted()
    let assigned = assignments[agent.tenant] ?? []
    for label in labels {
      for assignment in assigned where assignment.label == label {
        if let found = try await look(up: assignment.profile, for: agent) { return found }
      }
    }
    for assignment in assigned where assignment.label == nil {
      if let found = try await look(up: assignment.profile, for: agent) { return found }
    }
    return nil
  }

  private mutating func look(
    up id: String, for agent: AgentRecord
  ) async throws(Refusal) -> EffectiveProfile? {
    let found: EffectiveProfile?
    if let before = known[id] {
      found = before
    } else {
      found = try await store.profile(id).flatMap(EffectiveProfile.init)
      known[id] = .some(found)
    }
    guard let found, found.profile?.tenant ?? agent.tenant == agent.tenant else { return nil }
    return found
  }
}

extension ControlPlane {
  /// The profile that is in force for an agent; nil for none.
  package func effectiveProfile(of agent: AgentRecord) async throws(Refusal) -> Profile? {
    var choice = try await ProfileChoice(store)
    return try await choice.profile(of: agent)?.profile
  }
}
