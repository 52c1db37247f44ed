internal import AgentToken
internal import JSON
internal import Linux

/// Who this host belongs to and whose signatures it takes: identity, pinned roots, trust bundle.
/// One file, replaced whole and synced, so that a crash leaves the old or the new.
final class TrustStore {
  private(set) var trust: Trust?
  /// There is a file, but it does not hold: not what enrolment wrote.
  private(set) var isDamaged = false
  private let path: String
  private let scheme: any SignatureScheme

  struct Trust: Sendable, Equatable {
    let identity: Identity
    /// A random id made when this host enrolled.
    let enrolment: String
    let bundle: TrustBundle
  }

  init(directory: String, scheme: any SignatureScheme) {
    path = "\(directory)/trust.json"
    self.scheme = scheme
    guard Files.exists(path) else { return }
    trust = load()
    isDamaged = trust == nil
  }

  func enrol(_ trust: Trust) throws(SystemError) { try store(trust) }

  func replace(bundle: TrustBundle) throws(SystemError) {
    guard let trust else { return }
    try store(Trust(identity: trust.identity, enrolment: trust.enrolment, bundle: bundle))
  }

  /// Puts aside what does not hold.
  func forget() {
    try? Files.rename(path, to: "\(path).damaged")
    isDamaged = false
  }

  private func store(_ new: Trust) throws(SystemError) {
    let json: JSON = [
      "cluster": .string(new.identity.cluster), "tenant": .string(new.identity.tenant),
      "agent": .string(new.identity.agent), "enrolment": .string(new.enrolment),
      "signer": new.bundle.signer.jwk, "bundle": .string(new.bundle.jws),
    ]
    try Files.writeAtomically(path, json.encoded() + "\n", mode: 0o600, sync: true)
    trust = new
    isDamaged = false
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
