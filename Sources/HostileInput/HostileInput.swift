internal import AgentToken
internal import ControlSocket
internal import HostConfiguration
internal import JSON
internal import Ledger
internal import Linux

/// Everything that reads what anybody may have written, as one function of bytes each: for the fuzzer,
/// and for the tests that read again what it has found.
package enum HostileInput: String, CaseIterable, Sendable {
  case token, bundle, artefact, challenge, request, configuration, record

  /// Reads it. What is read must keep to what its reader promises, and nothing may trap.
  package func read(_ bytes: [UInt8]) {
    switch self {
    case .token:
      let bytes = Self.text(bytes)
      guard let bundle = Self.trust, let identity = Self.ours else { return }
      let verifier = TokenVerifier(bundle: bundle, identity: identity, scheme: Lenient())
      let time = TrustedTime(now: 1_760_000_000)
      guard let token = try? verifier.verify(bytes, at: time, spent: { _, _ in nil }) else {
        return
      }
      precondition(bytes.count <= TokenVerifier.maxBytes && token.issuer == identity.cluster)
      precondition(token.expires > time.now && token.expires - token.issuedAt <= 900)
      precondition(token.tenant == nil || token.tenant == identity.tenant)
      // Whoever did not sign it has no token.
      let strict = TokenVerifier(bundle: bundle, identity: identity, scheme: Refusing())
      precondition((try? strict.verify(bytes, at: time, spent: { _, _ in nil })) == nil)
    case .bundle:
      let bytes = Self.text(bytes)
      guard let own = Self.trust, let next = try? own.successor(jws: bytes, scheme: Lenient())
      else { return }
      guard case .newer(let newer) = next else { return }
      precondition(newer.sequence > own.sequence && newer.cluster == own.cluster)
      precondition(!newer.roots.isEmpty && newer.keys.count <= 1_024)
    case .artefact:
      guard let bundle = Self.trust, let identity = Self.ours else { return }
      let verifier = ArtefactVerifier(bundle: bundle, identity: identity, scheme: Lenient())
      let bytes = Self.text(bytes)
      let time = TrustedTime(now: 1_760_000_000)
      let profile = try? verifier.profile(
        bytes, enrolment: "AAECAwQFBgcICQoLDA0ODw", after: (nil, 0), at: time)
      let revocations = try? verifier.revocations(bytes, after: (0, ""))
      let signedTime = try? verifier.time(bytes) { _ in .good(elapsed: 1) }
      let release = try? verifier.release(bytes)
      // Nothing that is signed for one thing counts for another.
      let taken = [profile != nil, revocations != nil, signedTime != nil, release != nil]
      precondition(taken.count { $0 } <= 1)
    case .challenge:
      let text = String(decoding: bytes, as: UTF8.self)
      guard let challenge = try? ChallengeText(reading: text) else { return }
      precondition((try? ChallengeText(reading: challenge.text)) == challenge)
    case .request:
      var framer = LineFramer()
      framer.append(bytes)
      while case .line(let line) = framer.next() {
        precondition(line.count < LineFramer.documentLimit)
        guard let request = try? ControlRequest(line: line) else { continue }
        precondition(!request.verb.isEmpty && !request.arguments.contains(""))
      }
    case .configuration:
      for kind in [ConfigurationSource.Kind.main, .dropIn, .service] {
        let reading = Settings.read([ConfigurationSource(path: "f", bytes: bytes, kind: kind)])
        let copy = Settings.read([
          ConfigurationSource(path: "f", bytes: Array(reading.settings.render().utf8), kind: .main)
        ])
        precondition(copy.issues.isEmpty && copy.settings == reading.settings)
      }
    case .record:
      guard let record = RecordScanner.scan(bytes.span) else { return }
      precondition(record.sequence > 0)
      // Where the strict parser takes it too, both read the same in it.
      guard let json = try? JSON.parse(bytes) else { return }
      precondition(json["seq"]?.integer == record.sequence)
      precondition(json["time"]?.integer == record.time)
      let isIntent = json["event"]?.string == "unprotect" && json["phase"]?.string == "intent"
      guard isIntent, let issuer = json["iss"]?.string, let jti = json["jti"]?.string else {
        return precondition(record.spent == nil)
      }
      precondition(record.spent?.issuer == issuer && record.spent?.jti == jti)
      precondition(record.spent?.expires == json["exp"]?.integer)
    }
  }

  /// A signed text, so that what is changed are not the letters of an encoding: input with a line
  /// feed is a header and, behind it, a payload. Anything else is the whole text.
  private static func text(_ bytes: [UInt8]) -> [UInt8] {
    guard let end = bytes.firstIndex(of: UInt8(ascii: "\n")) else { return bytes }
    let text = CompactJWS.make(
      header: Array(bytes[..<end]), payload: Array(bytes[(end + 1)...]),
      sign: { _ in [UInt8](repeating: 0, count: 64) })
    return Array(text.utf8)
  }

  private static let ourCluster = "eu-prod"
  private static let ours = try? Identity(cluster: ourCluster, tenant: "retail", agent: "web-1")

  /// One key of each role, under the names that the seeds have.
  private static let trust: TrustBundle? = {
    func key(_ kid: String, _ number: UInt8, _ more: [JSON.Member]) -> JSON {
      .object(
        [
          .init(name: "kty", value: "OKP"), .init(name: "crv", value: "Ed25519"),
          .init(name: "kid", value: .string(kid)),
          .init(
            name: "x",
            value: .string(Base64URL.encode([number] + [UInt8](repeating: 0, count: 31)))),
        ] + more)
    }
    let root = key("root-1", 0, [])
    let keys = Role.allCases.enumerated().map { index, role in
      key(
        "k-\(role.rawValue)", UInt8(index + 1),
        [.init(name: "role", value: .string(role.rawValue))]
          + (role == .tenantOwner ? [.init(name: "tenants", value: ["retail"])] : []))
    }
    let payload: JSON = [
      "cluster": .string(ourCluster), "seq": 41, "iat": 1_759_900_000, "keys": .array(keys),
      "roots": [root], "revoked": [:],
    ]
    let jws = CompactJWS.make(
      header: Array(#"{"alg":"Ed25519","typ":"trust-bundle+jwt","kid":"root-1"}"#.utf8),
      payload: payload.encodedBytes(), sign: { _ in [UInt8](repeating: 0, count: 64) })
    guard let pinned = try? PublicKey(jwk: root, scheme: Lenient()) else { return nil }
    return try? TrustBundle.enrol(jws: Array(jws.utf8), root: pinned, scheme: Lenient())
  }()
}

/// Takes every signature, so that the fuzzer gets behind it.
private struct Lenient: SignatureScheme {
  func isValid(signature: [UInt8], message: [UInt8], publicKey: [UInt8]) -> Bool { true }
  func isValidPublicKey(_ key: [UInt8]) -> Bool { key.count == 32 }
}

/// Takes none.
private struct Refusing: SignatureScheme {
  func isValid(signature: [UInt8], message: [UInt8], publicKey: [UInt8]) -> Bool { false }
  func isValidPublicKey(_ key: [UInt8]) -> Bool { key.count == 32 }
}
