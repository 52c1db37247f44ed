package import AgentToken
internal import JSON
internal import Linux

/// A list of revocations as it is handed out.
package struct IssuedRevocations: Sendable {
  package let text: String
  package let content: SignedRevocations
}

extension Issuer {
  /// Takes back keys and tokens by an online key, for hosts that cannot wait for the next trust
  /// bundle. Every list holds what those before it held and the bundle does not say yet, so that the
  /// newest is enough.
  ///
  /// - Parameters:
  ///   - above: a sequence that hosts have had, where the issuer went back to an older copy.
  ///   - settled: tokens that the list need not name any more, because its `before` takes them back.
  package func sign(
    _ revoked: Revocations, above: Int64 = 0, settled: Set<String> = [], kid: String? = nil,
    passphrase: Passphrase? = nil,
    waiting: () -> Void = {}
  ) throws(Refusal) -> IssuedRevocations {
    try check(passphrase)
    return try DirectoryLock.hold(directory, waiting: waiting) { () throws(Refusal) in
      let last = try lastRevocations()
      let all = last.revoked.union(revoked)
        .subtracting(Revocations(kids: [], jtis: settled, before: [:]))
        .subtracting(try bundle().revoked)
      let issued = try sign(
        .revocations,
        [.init(name: "seq", value: .integer(max(last.sequence, above, try floor()) + 1))]
          + (all.json.members ?? []),
        kid: kid, passphrase: passphrase
      ) { (verifier, text) throws(Refusal) in
        let list = try verifier.revocations(text, after: (last.sequence, ""))
        // Only one that is there already would be nothing.
        guard let list else { throw Refusal(.internalError, "it is no list of revocations") }
        return IssuedRevocations(text: String(decoding: text, as: UTF8.self), content: list)
      }
      do throws(SystemError) {
        try Files.writeAtomically(revocationsPath, Array((issued.text + "\n").utf8), mode: 0o644)
      } catch {
        throw Refusal(error, "write \(revocationsPath)")
      }
      return issued
    }
  }

  /// The list that was signed last, as it was handed out; nil where none was.
  package func revocations() throws(Refusal) -> (sequence: Int64, text: String)? {
    guard let bytes = try revocationsText() else { return nil }
    return (try read(bytes).sequence, String(decoding: bytes, as: UTF8.self))
  }

  /// What the list that was signed last takes back.
  package func lastRevocations() throws(Refusal) -> (sequence: Int64, revoked: Revocations) {
    guard let bytes = try revocationsText() else { return (0, .none) }
    return try read(bytes)
  }

  private func revocationsText() throws(Refusal) -> [UInt8]? {
    do {
      guard try Files.status(revocationsPath) != nil else { return nil }
      return try Files.read(revocationsPath, limit: ArtefactType.maxBytes + 1)
        .filter { $0 != UInt8(ascii: "\n") }
    } catch {
      throw Refusal(error, "read \(revocationsPath)")
    }
  }

  /// It need not be verified: what somebody put there is signed by nobody, and no list of ours ever
  /// takes anything away.
  private func read(
    _ bytes: [UInt8]
  ) throws(Refusal) -> (sequence: Int64, revoked: Revocations) {
    guard let list = SignedRevocations.unverified(bytes) else {
      throw Refusal(
        .issuerDamaged, "\(revocationsPath) is not the list of revocations that it was",
        hint: "Restore it from a backup.")
    }
    return list
  }

  private var revocationsPath: String { "\(directory)/revocations.jws" }
}
