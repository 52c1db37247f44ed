internal import AgentToken
internal import JSON
internal import Linux

/// Who this host belongs to and whose signatures it takes: identity, pinned roots, trust bundle.
/// One file, kept twice by the vault, which also says what it was: trust of somebody else's, or older
/// than this host has had, opens nothing.
final class TrustStore {
  private(set) var trust: Trust?
  /// There is a file, but it does not hold: not what enrolment wrote.
  private(set) var isDamaged = false
  /// The bundle is older than the one this host had before: no token counts until that is back.
  private(set) var missesBundle: Int64?
  /// The revocations are older than those this host had: no token counts until they are back.
  private(set) var missesRevocations: Int64?
  private let vault: StateVault
  private let path: String
  private let scheme: any SignatureScheme

  private static let name = "trust.json"

  init(vault: StateVault, scheme: any SignatureScheme) {
    self.vault = vault
    path = vault.places[0].path(Self.name)
    self.scheme = scheme
    guard Files.exists(path) else { return }
    trust = load()
    if let mark = vault.seal.trust, let found = trust.map(Self.mark) {
      if found.identity != mark.identity { trust = nil }
      if found.bundle < mark.bundle { missesBundle = mark.bundle }
      if found.revocations < mark.revocations { missesRevocations = mark.revocations }
      if found.profile < mark.profile { trust?.profileVersion = mark.profile }
    }
    isDamaged = trust == nil
  }

  private static func mark(_ trust: Trust) -> TrustMark {
    let parts = [
      trust.identity.cluster, trust.identity.tenant, trust.identity.agent, trust.enrolment,
      trust.bundle.signer.jwk.encoded(),
    ]
    return TrustMark(
      identity: SHA256Hash.hex(SHA256Hash.of(Array(parts.joined(separator: "\n").utf8))),
      bundle: trust.bundle.sequence, revocations: trust.revocations.sequence,
      profile: trust.profileVersion)
  }

  /// What the file should hold.
  var content: [UInt8]? { trust.map(Self.encode) }

  /// Takes the bundle and the revocations that are here for the newest there were.
  func acceptBundle() throws(SystemError) {
    guard missesBundle != nil || missesRevocations != nil, let trust else { return }
    try store(trust, accepts: true)
  }

  func enrol(_ trust: Trust) throws(SystemError) { try store(trust) }

  func replace(bundle: TrustBundle) throws(SystemError) {
    guard let trust else { return }
    try store(trust.with(bundle: bundle))
  }

  /// Adds a list of revocations to what is revoked.
  func add(_ list: SignedRevocations) throws(SystemError) {
    guard let trust else { return }
    try store(trust.with(list))
  }

  /// Takes a profile, in one step with what else comes of it.
  func take(_ profile: SignedProfile, _ change: StateVault.Change) throws(SystemError) {
    guard let trust else { return }
    try store(trust.with(profile), with: change)
  }

  /// Puts aside what does not hold.
  func forget() {
    if let bytes = vault.places[0].read(Self.name) {
      try? Files.writeAtomically("\(path).damaged", bytes, mode: 0o600)
    }
    try? vault.remove(Self.name)
    isDamaged = false
  }

  /// - Parameter accepts: somebody with a token takes what is here for the newest there was.
  private func store(
    _ new: Trust, with more: StateVault.Change = StateVault.Change(), accepts: Bool = false
  ) throws(SystemError) {
    var change = more
    change.writes.append((Self.name, Self.encode(new)))
    var mark = Self.mark(new)
    if !accepts, new.enrolment == trust?.enrolment {
      mark.bundle = max(mark.bundle, missesBundle ?? 0)
      mark.revocations = max(mark.revocations, missesRevocations ?? 0)
    }
    try vault.apply(change, trust: mark)
    trust = new
    isDamaged = false
    missesBundle = mark.bundle > new.bundle.sequence ? mark.bundle : nil
    missesRevocations = mark.revocations > new.revocations.sequence ? mark.revocations : nil
  }

  private static func encode(_ trust: Trust) -> [UInt8] {
    Array((trust.json.encoded() + "\n").utf8)
  }

  private static let limits = JSON.Limits(maxBytes: 4 << 20, maxMembers: .max)

  private func load() -> Trust? {
    guard let bytes = try? Files.read(path, limit: Self.limits.maxBytes),
      let json = try? JSON.parse(bytes, limits: Self.limits)
    else { return nil }
    return Trust(json: json, scheme: scheme)
  }
}
