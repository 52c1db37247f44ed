internal import AgentToken
internal import JSON
internal import Linux

/// The issuer's key files, `keys/KID.jwk`: mode 0600 in a directory of mode 0700.
///
/// A file here means nothing by itself: only the trust bundle says which keys count. That is what
/// makes a crash harmless: a key that no bundle lists yet is just a file left over.
struct KeyStore: Sendable {
  let directory: String

  func path(_ kid: String) -> String { "\(directory)/\(kid).jwk" }

  /// The key file of that id; nil where there is none.
  ///
  /// - Throws: `issuer_damaged` where the file is no key file, `system_error`.
  func load(_ kid: String) throws(Refusal) -> KeyFile? {
    let path = path(kid)
    let bytes: [UInt8]
    do {
      guard try Files.status(path) != nil else { return nil }
      bytes = try Files.read(path, limit: 4096)
    } catch {
      throw Refusal(error, "read the key file \(path)")
    }
    guard let file = KeyFile(bytes, kid: kid) else {
      throw Refusal(
        .issuerDamaged, "\(path) does not hold the key \(kid)",
        hint: "Restore it from a backup.")
    }
    return file
  }

  /// Writes a key file, atomically and synced.
  func store(_ file: KeyFile) throws(Refusal) {
    do {
      try Files.writeAtomically(path(file.kid), file.encoded, mode: 0o600)
    } catch {
      throw Refusal(error, "write the key file \(path(file.kid))")
    }
  }

  /// Removes a key file. One that is not there is no error.
  func remove(_ kid: String) throws(Refusal) {
    do {
      guard try Files.status(path(kid)) != nil else { return }
      try Files.remove(path(kid))
      try Files.syncDirectory(directory)
    } catch {
      throw Refusal(error, "remove the key file \(path(kid))")
    }
  }

  /// Removes what a crash in the middle of a write left, which may hold a private key. Only for
  /// whoever holds the issuer's lock.
  func sweep() {
    for name in (try? Files.list(directory)) ?? [] where name.hasPrefix(".holdfast-") {
      try? Files.remove("\(directory)/\(name)")
    }
  }

  /// The ids of all key files, sorted, those that no bundle lists among them.
  func kids() throws(Refusal) -> [String] {
    do {
      guard try Files.status(directory) != nil else { return [] }
      return try Files.list(directory).filter { $0.hasSuffix(".jwk") }.map {
        String($0.dropLast(4))
      }
    } catch {
      throw Refusal(error, "list \(directory)")
    }
  }

  /// Whether any key here is sealed. Whoever sealed one sealed all.
  func isSealed() throws(Refusal) -> Bool {
    for kid in try kids() {
      // A file that is damaged is the business of whoever needs that key.
      if let file = try? load(kid), case .sealed = file.privatePart { return true }
    }
    return false
  }

  /// Key files that others than their owner may read although they are not sealed, sorted.
  func exposed() throws(Refusal) -> [String] {
    var paths: [String] = []
    for kid in try kids() {
      guard let file = try? load(kid), case .plain = file.privatePart else { continue }
      do {
        if let status = try Files.status(path(kid)), status.mode & 0o077 != 0 {
          paths.append(path(kid))
        }
      } catch {
        throw Refusal(error, "inspect the key file \(path(kid))")
      }
    }
    return paths
  }
}
