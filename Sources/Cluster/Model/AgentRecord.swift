/// An agent as its cluster knows it.
package struct AgentRecord: Sendable, Equatable {
  package enum State: String, Sendable, CaseIterable {
    /// Enrolled, and never heard of since: the use of its token comes back if that stays so.
    case pending
    case active
    /// Taken out of service; its certificate is good for nothing.
    case retired
  }

  package let id: String
  package let tenant: String
  /// Its id in tokens, unique within its tenant among those that are not retired or clones.
  package let agent: String
  package var hostname: String
  /// What tells its machine from a copy of it: a hash that the link makes of the machine's ids.
  package var machine: String
  /// The record of the machine that this one is a copy of.
  package var cloneOf: String?
  package var state: State
  package let enrolledAt: Int64
  /// The account that it belongs to, and its name at enrolment.
  package let owner: String
  package let ownerName: String
  package let registrationToken: String
  package var allowsHighAssurance: Bool
  /// The profile named by its registration token or applied to it alone, ahead of assignments.
  package var ownProfile: String?
  package var labels: [String: String]
  /// SHA-256 of its link's public key, in hexadecimal: who asks again with it is who asked before.
  package var keyHash: String
  /// The serial number of the certificate that counts, in hexadecimal, and when that ends.
  package var certificateSerial: String
  package var certificateExpires: Int64
  package var lastSeen: Int64?
  package var report: AgentReport?
  package var ledger: LedgerPosition
  /// What was last signed for it.
  package var profile: SentProfile

  package init(
    id: String, tenant: String, agent: String, hostname: String, machine: String,
    cloneOf: String? = nil, state: State, enrolledAt: Int64, owner: String, ownerName: String,
    registrationToken: String, allowsHighAssurance: Bool, ownProfile: String?,
    labels: [String: String] = [:], keyHash: String, certificateSerial: String,
    certificateExpires: Int64,
    lastSeen: Int64? = nil, report: AgentReport? = nil, ledger: LedgerPosition = .init(),
    profile: SentProfile = .init()
  ) {
    self.id = id
    self.tenant = tenant
    self.agent = agent
    self.hostname = hostname
    self.machine = machine
    self.cloneOf = cloneOf
    self.state = state
    self.enrolledAt = enrolledAt
    self.owner = owner
    self.ownerName = ownerName
    self.registrationToken = registrationToken
    self.allowsHighAssurance = allowsHighAssurance
    self.ownProfile = ownProfile
    self.labels = labels
    self.keyHash = keyHash
    self.certificateSerial = certificateSerial
    self.certificateExpires = certificateExpires
    self.lastSeen = lastSeen
    self.report = report
    self.ledger = ledger
    self.profile = profile
  }
}

/// What an agent last said of itself, as far as lists are filtered by it, and all of it as it came.
package struct AgentReport: Sendable, Equatable {
  /// The state of protection: `protected`, `unprotected`, `degraded`, …
  package var protection: String
  package var version: String
  /// The clock's standing in a word.
  package var clock: String
  package var enrolment: String?
  package var bundleSequence: Int64
  package var revocationsSequence: Int64
  package var profileVersion: Int64
  /// The reply to `status`, and the one to `doctor` where it was sent, as JSON.
  package var status: String
  package var doctor: String?
  package var at: Int64

  package init(
    protection: String, version: String, clock: String, enrolment: String?, bundleSequence: Int64,
    revocationsSequence: Int64, profileVersion: Int64, status: String, doctor: String?, at: Int64
  ) {
    self.protection = protection
    self.version = version
    self.clock = clock
    self.enrolment = enrolment
    self.bundleSequence = bundleSequence
    self.revocationsSequence = revocationsSequence
    self.profileVersion = profileVersion
    self.status = status
    self.doctor = doctor
    self.at = at
  }
}

/// Where an agent's ledger stands here, and enough of its Merkle tree to go on (`MerkleTree`).
package struct LedgerPosition: Sendable, Equatable {
  /// The number of the last record that is kept; 0 where there is none.
  package var size: Int64
  /// The leaves of the tree: as many as `size`, but for a ledger that lost lines or has foreign ones.
  /// Where there are `lines` and no `peaks`, the tree is not known until a record says it.
  package var lines: Int64
  /// 32 bytes each.
  package var peaks: [[UInt8]]
  /// The agent's checkpoint key, as its first record names it: never changes.
  package var key: String?

  package init(size: Int64 = 0, lines: Int64 = 0, peaks: [[UInt8]] = [], key: String? = nil) {
    self.size = size
    self.lines = lines
    self.peaks = peaks
    self.key = key
  }
}

/// The last profile that was signed for an agent.
package struct SentProfile: Sendable, Equatable {
  /// 0 where none was.
  package var version: Int64
  /// SHA-256 of its settings, in hexadecimal: what changes is signed anew.
  package var settingsHash: String
  /// The profile's id and the version of its text.
  package var source: String

  package init(version: Int64 = 0, settingsHash: String = "", source: String = "") {
    self.version = version
    self.settingsHash = settingsHash
    self.source = source
  }
}
