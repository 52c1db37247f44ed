package import AgentToken
package import Issuing
internal import JSON
internal import Linux

/// A server's data directory, which it makes by itself:
///
///     issuer/        keys and trust bundles, an issuer as `holdfast-cluster init` makes it
///     authority/     what certifies the server and its agents' links: authority.pem, authority.key
///     seal.key       what registration tokens are sealed with
///     cluster.sqlite all else
///     lock           held while a server runs on it
///
/// Everything in it is the server's own user's to read, and nobody else's.
package struct ServerDirectory: Sendable {
  package let path: String
  package let signer: OnlineSigner
  package let authority: CertificateAuthority
  package let secrets: Secrets
  /// Held for as long as this lives.
  private let lock: ServerLock

  package var databasePath: String { Self.databasePath(path) }

  package static func issuerPath(_ path: String) -> String { "\(path)/issuer" }

  package static func databasePath(_ path: String) -> String { "\(path)/cluster.sqlite" }

  /// What a new directory is told once, and kept nowhere.
  package struct Newborn: Sendable {
    package let cluster: String
    /// What seals the root key.
    package let rootPassphrase: String
  }

  /// Opens a data directory, and makes what is missing.
  ///
  /// - Parameters:
  ///   - cluster: the id of a new cluster; a random one where nil.
  /// - Returns: what a new one has to be told, nil where it was there.
  /// - Throws: `directory_in_use` where another server runs on it; `issuer_damaged`,
  ///   `authority_damaged` where a part of it is gone or not what it was; `system_error`.
  package static func open(
    _ path: String, cluster: String?, surroundings: Surroundings
  ) throws(Refusal) -> (directory: ServerDirectory, newborn: Newborn?) {
    try make(path)
    let lock = try ServerLock.take(path)
    let issuer = Issuer(directory: issuerPath(path), surroundings: surroundings)
    var newborn: Newborn?
    if !isFinished(path) {
      let passphrase = Secrets(key: Random.bytes(32)).newPassword()
      // What an interrupted first start left is of no use to anybody: nothing was handed out.
      try clear(path)
      let bundle = try issuer.create(
        cluster: cluster, passphrase: Passphrase(Array(passphrase.utf8)), plan: .online)
      try fill(path, cluster: bundle.cluster)
      newborn = Newborn(cluster: bundle.cluster, rootPassphrase: passphrase)
    }
    let bundle = try issuer.bundle()
    if let cluster, cluster != bundle.cluster {
      throw Refusal(
        .invalid, "\(path) holds the cluster \(bundle.cluster), not \(cluster.quoted()).",
        hint: "Name another directory with --data.")
    }
    let directory = ServerDirectory(
      path: path, signer: OnlineSigner(issuer: issuer),
      authority: try CertificateAuthority(
        pem: try text("\(path)/authority/authority.pem"),
        key: try text("\(path)/authority/authority.key")),
      secrets: Secrets(key: try sealKey(path)), lock: lock)
    return (directory, newborn)
  }

  // MARK: Making

  private static func isFinished(_ path: String) -> Bool { Files.exists("\(path)/seal.key") }

  private static func make(_ path: String) throws(Refusal) {
    do {
      if !Files.isDirectory(path) { try Files.makeDirectory(path, mode: 0o700, parents: true) }
    } catch {
      throw Refusal(error, "make the directory \(path)")
    }
  }

  private static func clear(_ path: String) throws(Refusal) {
    guard !Files.exists(databasePath(path)) else {
      throw Refusal(
        .issuerDamaged, "\(path) holds a database, but not the keys that belong to it.",
        hint: "Restore the directory from a backup: holdfast-cluster restore FILE")
    }
    do {
      for part in ["issuer", "authority"] where Files.exists("\(path)/\(part)") {
        try Files.removeTree("\(path)/\(part)")
      }
    } catch {
      throw Refusal(error, "clear \(path)")
    }
  }

  /// The last file says that all is there.
  private static func fill(_ path: String, cluster: String) throws(Refusal) {
    let (authority, key) = try CertificateAuthority.make(cluster: cluster)
    do {
      try Files.makeDirectory("\(path)/authority", mode: 0o700, parents: false)
      try Files.writeAtomically(
        "\(path)/authority/authority.key", Array(key.utf8), mode: 0o600)
      try Files.writeAtomically(
        "\(path)/authority/authority.pem", Array(authority.pem.utf8), mode: 0o644)
      try Files.writeAtomically("\(path)/seal.key", Random.bytes(32), mode: 0o600)
    } catch {
      throw Refusal(error, "write the keys in \(path)")
    }
  }

  // MARK: Reading

  private static func text(_ path: String) throws(Refusal) -> String {
    do {
      return String(decoding: try Files.read(path, limit: 64 << 10), as: UTF8.self)
    } catch {
      throw Refusal(error, "read \(path)")
    }
  }

  private static func sealKey(_ path: String) throws(Refusal) -> [UInt8] {
    let key: [UInt8]
    do {
      key = try Files.read("\(path)/seal.key", limit: 33)
    } catch {
      throw Refusal(error, "read \(path)/seal.key")
    }
    guard key.count == 32 else {
      throw Refusal(
        .issuerDamaged, "\(path)/seal.key is not the key that it was.",
        hint: "Restore it from a backup.")
    }
    return key
  }
}

/// Holds a data directory for one server.
package final class ServerLock: Sendable {
  private let descriptor: FileDescriptor

  private init(_ descriptor: FileDescriptor) {
    self.descriptor = descriptor
  }

  /// - Throws: `directory_in_use` while another one holds it; `system_error`.
  package static func take(_ path: String) throws(Refusal) -> ServerLock {
    do {
      if let descriptor = try FileLock.take("\(path)/lock") { return ServerLock(descriptor) }
    } catch {
      throw Refusal(error, "take the lock \(path)/lock")
    }
    throw Refusal(
      .init(rawValue: "directory_in_use"), "Another holdfast-cluster runs on \(path).",
      hint: "Stop it first, or name another directory with --data.")
  }
}
