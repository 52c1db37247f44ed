import AgentToken
import Issuing
import Linux

/// An issuer in a directory of its own, with a clock that stands still and random bytes that are
/// only different, for one test.
final class Workshop: Sendable {
  static let noon: Int64 = 1_790_000_000

  /// The directory that tests may look into; the issuer's is `issuer` in it.
  let root: String
  let directory: String

  init() throws {
    root = "/tmp/holdfast-cluster-tests-\(Hex.encode(Random.bytes(8)))"
    directory = root + "/issuer"
    try Files.makeDirectory(root, mode: 0o700)
  }

  deinit {
    Self.removeTree(root)
  }

  /// The issuer as it is at a time, be it made already or not.
  func issuer(at now: Int64 = noon) -> Issuer {
    Issuer(
      directory: directory,
      surroundings: Surroundings(
        now: { now }, random: { Random.bytes($0) }, describe: { "at \($0)" }))
  }

  /// Makes the issuer, and keys for the roles that it is not made with.
  static func equipped() throws -> Workshop {
    let workshop = try Workshop()
    let issuer = workshop.issuer()
    _ = try issuer.create(cluster: "eu-prod", passphrase: nil)
    _ = try issuer.addKey(KeyRequest(role: .tenantOwner, tenants: ["retail"]))
    _ = try issuer.addKey(KeyRequest(role: .cluster))
    _ = try issuer.addKey(KeyRequest(role: .release))
    return workshop
  }

  /// The bundle as a host takes it that enrols with the exported root.
  func enrolled() throws -> TrustBundle {
    let issuer = issuer()
    return try TrustBundle.enrol(
      jws: Array(try issuer.bundle().jws.utf8),
      root: PublicKey(jwk: try issuer.root().jwk, scheme: Libsodium()), scheme: Libsodium())
  }

  /// Everything that can be seen of the files: names, modes, times, content.
  func snapshot() throws -> [String] {
    try Self.lines(of: root)
  }

  private static func lines(of path: String) throws -> [String] {
    guard let status = try Files.status(path) else { return [] }
    var lines = ["\(path) \(status.kind) \(String(status.mode, radix: 8)) \(status.mtime)"]
    if status.kind == .directory {
      for name in try Files.list(path) { lines += try Self.lines(of: "\(path)/\(name)") }
    } else {
      lines[0] += " " + Hex.encode(SHA256Hash.of(try Files.read(path)))
    }
    return lines
  }

  private static func removeTree(_ path: String) {
    if Files.isDirectory(path) {
      for name in (try? Files.list(path)) ?? [] { removeTree("\(path)/\(name)") }
      try? Files.removeDirectory(path)
    } else {
      try? Files.remove(path)
    }
  }
}

/// The code of the refusal that `body` ends with; nil where it ends without one.
func refusal(_ body: () throws -> Void) -> Refusal? {
  do {
    try body()
    return nil
  } catch {
    return error as? Refusal
  }
}

/// What a host says to a token.
func judge(
  _ token: String, _ bundle: TrustBundle, tenant: String = "retail", agent: String = "web-03",
  at now: Int64 = Workshop.noon
) throws -> VerifiedToken {
  let identity = try Identity(cluster: bundle.cluster, tenant: tenant, agent: agent)
  return try TokenVerifier(bundle: bundle, identity: identity, scheme: Libsodium())
    .verify(Array(token.utf8), at: TrustedTime(now: now), spent: { _, _ in nil })
}
