internal import AgentToken
internal import JSON
internal import Linux

/// The issuer's trust bundles: the one in force, and those that changed the roots.
///
/// `bundle.jws` is the one in force; replacing it is what makes a change real, so it is always
/// written last. `bundles/SEQ.jws` keeps each bundle whose roots were new then: a host that was
/// away follows them, one after the other, to the roots of today.
struct BundleStore: Sendable {
  let directory: String

  var currentPath: String { "\(directory)/bundle.jws" }
  var archivePath: String { "\(directory)/bundles" }

  /// Whether there is a bundle in force.
  func exists() throws(Refusal) -> Bool {
    do {
      return try Files.status(currentPath) != nil
    } catch {
      throw Refusal(error, "inspect \(currentPath)")
    }
  }

  /// The text of the bundle in force; nil where there is none.
  func current() throws(Refusal) -> [UInt8]? {
    guard try exists() else { return nil }
    return try read(currentPath)
  }

  /// Puts a bundle in force, and keeps the one before it where its roots were new.
  ///
  /// A crash in between leaves the old bundle in force. A damaged archive is no reason to refuse:
  /// a revocation must go through.
  func replace(_ outgoing: TrustBundle?, with bundle: TrustBundle) throws(Refusal) {
    if let outgoing, (try? archived())?.last?.roots != outgoing.roots {
      try makeArchive()
      try write(outgoing, to: "\(archivePath)/\(outgoing.sequence).jws")
    }
    try write(bundle, to: currentPath)
  }

  /// The bundles kept, oldest first, each verified as the successor of the one before.
  ///
  /// - Throws: `issuer_damaged` where one is not.
  func archived() throws(Refusal) -> [TrustBundle] {
    let sequences: [Int64]
    do {
      guard try Files.status(archivePath) != nil else { return [] }
      sequences = try Files.list(archivePath)
        .filter { $0.hasSuffix(".jws") }.compactMap { Int64($0.dropLast(4)) }.sorted()
    } catch {
      throw Refusal(error, "list \(archivePath)")
    }
    var chain: [TrustBundle] = []
    for sequence in sequences {
      let path = "\(archivePath)/\(sequence).jws"
      let jws = try read(path)
      guard let next = Self.follow(chain.last, jws), next.sequence == sequence else {
        throw Refusal(
          .issuerDamaged, "\(path) is not the trust bundle that it was",
          hint: "Restore it from a backup.")
      }
      chain.append(next)
    }
    return chain
  }

  /// The next link of the chain; the first one vouches for itself.
  private static func follow(_ last: TrustBundle?, _ jws: [UInt8]) -> TrustBundle? {
    if let last {
      guard case .newer(let next)? = try? last.successor(jws: jws, scheme: Libsodium()) else {
        return nil
      }
      return next
    }
    guard let jwk = UnverifiedBundle(jws)?.root,
      let root = try? PublicKey(jwk: jwk, scheme: Libsodium())
    else { return nil }
    return try? TrustBundle.enrol(jws: jws, root: root, scheme: Libsodium())
  }

  private func read(_ path: String) throws(Refusal) -> [UInt8] {
    do {
      var bytes = try Files.read(path, limit: 1 << 20)
      if bytes.last == UInt8(ascii: "\n") { bytes.removeLast() }
      return bytes
    } catch {
      throw Refusal(error, "read the trust bundle \(path)")
    }
  }

  private func write(_ bundle: TrustBundle, to path: String) throws(Refusal) {
    do {
      try Files.writeAtomically(path, Array((bundle.jws + "\n").utf8), mode: 0o644)
    } catch {
      throw Refusal(error, "write the trust bundle \(path)")
    }
  }

  private func makeArchive() throws(Refusal) {
    do {
      guard try Files.status(archivePath) == nil else { return }
      try Files.makeDirectory(archivePath, mode: 0o755, parents: false)
      try Files.syncDirectory(directory)
    } catch {
      throw Refusal(error, "make the directory \(archivePath)")
    }
  }
}
