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
  private let vault: StateVault
  private let path: String
  private let scheme: any SignatureScheme

  struct Trust: Sendable, Equatable {
    let identity: Identity
    /// A random id made when this host enrolled.
    let enrolment: String
    let bundle: TrustBundle
  }

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
      bundle: trust.bundle.sequence)
  }

  /// What the file should hold.
  var content: [UInt8]? { trust.map(Self.encode) }

  /// Takes the bundle that is here for the newest there was.
  func acceptBundle() throws(SystemError) {
    guard missesBundle != nil, let trust else { return }
    try store(trust)
  }

  func enrol(_ trust: Trust) throws(SystemError) { try store(trust) }

  func replace(bundle: TrustBundle) throws(SystemError) {
    guard let trust else { return }
    try store(Trust(identity: trust.identity, enrolment: trust.enrolment, bundle: bundle))
  }

  /// Puts aside what does not hold.
  func forget() {
    if let bytes = vault.places[0].read(Self.name) {
      try? Files.writeAtomically("\(path).damaged", bytes, mode: 0o600)
    }
    try? vault.remove(Self.name)
    isDamaged = false
  }

  private func store(_ new: Trust) throws(SystemError) {
    try vault.write(Self.name, Self.encode(new), trust: Self.mark(new))
    trust = new
    isDamaged = false
    missesBundle = nil
  }

  private static func encode(_ trust: Trust) -> [UInt8] {
    let json: JSON = [
      "cluster": .string(trust.identity.cluster), "tenant": .string(trust.identity.tenant),
      "agent": .string(trust.identity.agent), "enrolment": .string(trust.enrolment),
      "signer": trust.bundle.signer.jwk, "bundle": .string(trust.bundle.jws),
    ]
    return Array((json.encoded() + "\n").utf8)
  }

  /// The bundle is verified once more, against the root stored beside it: whoever can write this
  /// file is root, but a file damaged by accident must not pass.
  private func load() -> Trust? {
    guard let bytes = try? Files.read(path, limit: 1 << 20), let json = try? JSON.parse(bytes),
      let cluster = json["cluster"]?.string, let tenant = json["tenant"]?.string,
      let agent = json["agent"]?.string, let enrolment = json["enrolment"]?.string,
      let text = json["bundle"]?.string, let jwk = json["signer"],
      let signer = try? PublicKey(jwk: jwk, scheme: scheme),
      let identity = try? Identity(cluster: cluster, tenant: tenant, agent: agent),
      let bundle = try? TrustBundle.restore(
        jws: Array(text.utf8), pinned: [signer], cluster: cluster, scheme: scheme)
    else { return nil }
    return Trust(identity: identity, enrolment: enrolment, bundle: bundle)
  }
}
