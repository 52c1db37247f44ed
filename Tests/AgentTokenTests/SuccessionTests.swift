import AgentToken
import JSON
import Linux
import TestSupport
import Testing

/// How one bundle follows another, and how a host gets its first one and its own back.
@Suite("Succession of trust bundles")
struct SuccessionTests {
  private let second = MintingAuthority.pair(7, 7)
  private var secondJWK: JSON { MintingAuthority.jwk("root-2", second) }

  private func follow(_ bundle: TrustBundle, _ next: JWSDraft) throws(Refusal) -> Succession {
    try bundle.successor(jws: next.bytes, scheme: sodium)
  }

  private func refused(_ bundle: TrustBundle, _ next: JWSDraft) -> Refusal? {
    refusal { () throws(Refusal) in try follow(bundle, next) }
  }

  // MARK: Enrolment

  @Test(arguments: [1, 41, 1 << 40, 1 << 53 - 1] as [Int64])
  func atEnrolmentAnySequenceGoes(_ sequence: Int64) throws {
    #expect(try authority.enrolled(authority.bundle(sequence: sequence)).sequence == sequence)
  }

  @Test func atEnrolmentTheRootMustBeListed() {
    for roots in [[secondJWK], [MintingAuthority.jwk("root-1", second)]] {
      let refused = enrolled(authority.bundle(roots: roots))
      #expect(refused?.code == .bundleMalformed)
      #expect(refused?.message.contains("\"root-1\"") == true)
    }
    #expect(enrolled(authority.bundle(roots: [secondJWK, authority.rootJWK])) == nil)
  }

  // MARK: Sequence

  @Test func aHigherSequenceIsNewer() throws {
    let here = try authority.enrolled()
    for ahead: Int64 in [1, 2, 1 << 32] {
      guard case .newer(let next) = try follow(here, authority.bundle(sequence: 41 + ahead)) else {
        Issue.record("\(ahead)")
        continue
      }
      #expect(next.sequence == 41 + ahead)
    }
    let jump = refused(here, authority.bundle(sequence: 41 + 1 << 32 + 1))
    #expect(jump?.code == .bundleJump)
    #expect(jump?.message.contains("4294967338") == true && jump?.message.contains("41") == true)
    #expect(refused(here, authority.bundle(sequence: 1 << 53 - 1))?.code == .bundleJump)
  }

  @Test(arguments: [1, 40] as [Int64])
  func aLowerSequenceIsOlder(_ sequence: Int64) throws {
    let older = refused(try authority.enrolled(), authority.bundle(sequence: sequence))
    #expect(older?.code == .bundleOlder)
    #expect(older?.message.contains("sequence \(sequence) ") == true)
    #expect(older?.message.contains("here, 41") == true)
  }

  @Test func theSamePayloadAgainChangesNothing() throws {
    let here = try authority.enrolled()
    #expect(try follow(here, authority.bundle()) == .unchanged)
    // The same payload in another JWS.
    #expect(try follow(here, authority.bundle().withHeader("alg", "EdDSA")) == .unchanged)
  }

  @Test func theSameSequenceWithOtherContentIsAConflict() throws {
    let here = try authority.enrolled()
    let conflict = refused(here, authority.bundle(revoked: ["kids": ["k-old"]]))
    #expect(conflict?.code == .bundleConflict)
    #expect(conflict?.message.contains("41") == true)
    // Bytes decide, not meaning.
    let draft = authority.bundle()
    let spaced = draft.text(payload: draft.payload.encodedBytes() + [0x20])
    let again = refusal { () throws(Refusal) in
      try here.successor(jws: Array(spaced.utf8), scheme: sodium)
    }
    #expect(again?.code == .bundleConflict)
  }

  @Test func ageAndIssuersClockRefuseNothing() throws {
    let here = try authority.enrolled()
    for time: Int64 in [0, now + 1_000_000, 253_402_300_799] {
      guard case .newer(let next) = try follow(here, authority.bundle(sequence: 42, issuedAt: time))
      else {
        Issue.record("\(time)")
        continue
      }
      #expect(next.issuedAt == time)
    }
  }

  // MARK: Roots

  @Test func aRootIsReplacedInTwoSteps() throws {
    let first = try authority.enrolled()
    // Not at once: the new root is not pinned yet.
    let early = authority.bundle(sequence: 42, roots: [secondJWK])
      .signed(by: second, kid: "root-2")
    #expect(refused(first, early)?.code == .bundleUnknownRoot)
    guard
      case .newer(let both) = try follow(
        first, authority.bundle(sequence: 42, roots: [authority.rootJWK, secondJWK]))
    else {
      Issue.record("old and new")
      return
    }
    #expect(both.signer.kid == "root-1")
    let last = authority.bundle(sequence: 43, roots: [secondJWK]).signed(by: second, kid: "root-2")
    guard case .newer(let new) = try follow(both, last) else {
      Issue.record("new alone")
      return
    }
    #expect(new.signer.kid == "root-2")
    #expect(new.roots.map(\.kid) == ["root-2"])
    // The old root is out.
    #expect(refused(new, authority.bundle(sequence: 44))?.code == .bundleUnknownRoot)
  }

  @Test func theSameTextAgainIsTakenEvenIfItRetiredItsOwnRoot() throws {
    let first = try authority.enrolled()
    let last = authority.bundle(sequence: 42, roots: [secondJWK])
    guard case .newer(let new) = try follow(first, last) else {
      Issue.record("retired")
      return
    }
    #expect(try follow(new, last) == .unchanged)
    #expect(refused(new, authority.bundle(sequence: 43))?.code == .bundleUnknownRoot)
  }

  @Test func aPinnedKidWithAnotherKeyIsABadSignature() throws {
    let here = try authority.enrolled()
    let forged = authority.bundle(sequence: 42).signed(by: second, kid: "root-1")
    #expect(refused(here, forged)?.code == .bundleBadSignature)
  }

  // MARK: Order

  /// From the first check to the last; each can be wrong together with any later one.
  @Test func theFirstCheckThatFailsGivesTheCode() throws {
    let here = try authority.enrolled()
    let second = second
    typealias Spoil = @Sendable (inout JWSDraft) -> Void
    let faults: [(Refusal.Code, String, Spoil)] = [
      (.bundleMalformed, "\"typ\"", { $0 = $0.withHeader("typ", "JWT") }),
      (.bundleUnknownRoot, "", { $0 = $0.withHeader("kid", "root-9") }),
      (.bundleBadSignature, "", { $0.signer = second }),
      (.bundleMalformed, "\"x\"", { $0 = $0.with("x", 1) }),
      (.bundleWrongCluster, "\"us-prod\"", { $0 = $0.with("cluster", "us-prod") }),
      (.bundleOlder, "", { $0 = $0.with("seq", 40) }),
    ]
    for first in faults.indices {
      for later in first..<faults.count {
        var draft = authority.bundle(sequence: 42)
        faults[first].2(&draft)
        faults[later].2(&draft)
        let refused = refused(here, draft)
        #expect(refused?.code == faults[first].0, "\(first) and \(later)")
        #expect(refused?.message.contains(faults[first].1) == true || faults[first].1.isEmpty)
      }
    }
    // The sequence's other two, behind the cluster.
    for sequence: Int64 in [41, 1 << 50] {
      let draft = authority.bundle(sequence: sequence, revoked: ["kids": ["a"]])
        .with("cluster", "us-prod")
      let refused = refused(here, draft)
      #expect(refused?.code == .bundleWrongCluster)
      #expect(refused?.message.contains("\"eu-prod\"") == true)
    }
  }

  @Test func aRefusalChangesNothing() throws {
    let here = try authority.enrolled()
    let before = here
    _ = refused(here, authority.bundle(sequence: 40))
    _ = refused(here, authority.bundle(sequence: 42).with("x", 1))
    #expect(here == before)
    #expect(try follow(here, authority.bundle()) == .unchanged)
  }

  // MARK: Restore

  @Test func aStoredBundleComesBackTheSame() throws {
    let bundle = try authority.enrolled()
    let stored = Array(bundle.jws.utf8)
    let back = try TrustBundle.restore(
      jws: stored, pinned: [bundle.signer], cluster: "eu-prod", scheme: sodium)
    #expect(back == bundle)
    #expect(back == (try TrustBundle.restore(jws: stored, pinned: bundle.roots, scheme: sodium)))
  }

  @Test func aStoredBundleThatRetiredItsRootComesBack() throws {
    let last = authority.bundle(sequence: 42, roots: [secondJWK])
    guard case .newer(let new) = try follow(try authority.enrolled(), last) else {
      Issue.record("retired")
      return
    }
    let stored = Array(new.jws.utf8)
    #expect(
      try TrustBundle.restore(jws: stored, pinned: new.roots + [new.signer], scheme: sodium) == new)
    let alone = refusal { () throws(Refusal) in
      try TrustBundle.restore(jws: stored, pinned: new.roots, scheme: sodium)
    }
    #expect(alone?.code == .bundleUnknownRoot)
  }

  @Test func aStoredBundleThatWasChangedDoesNotComeBack() throws {
    let bundle = try authority.enrolled()
    func restored(_ text: [UInt8], _ pinned: [PublicKey], _ cluster: String?) -> Refusal? {
      refusal { () throws(Refusal) in
        try TrustBundle.restore(jws: text, pinned: pinned, cluster: cluster, scheme: sodium)
      }
    }
    let stored = Array(bundle.jws.utf8)
    #expect(restored(stored, [bundle.signer], nil) == nil)
    #expect(restored([], [bundle.signer], nil)?.code == .bundleMalformed)
    #expect(restored(Array(stored.dropLast(2)), [bundle.signer], nil)?.code == .bundleMalformed)
    #expect(restored(stored, [], nil)?.code == .bundleUnknownRoot)
    #expect(restored(stored, [bundle.signer], "us-prod")?.code == .bundleWrongCluster)
    var flipped = stored
    let place = try #require(stored.firstIndex(of: 0x2E)) + 40
    flipped[place] = flipped[place] == 0x41 ? 0x42 : 0x41
    #expect(restored(flipped, [bundle.signer], nil)?.code == .bundleBadSignature)
    let other = authority.bundle().signed(by: second, kid: "root-1")
    #expect(restored(other.bytes, [bundle.signer], nil)?.code == .bundleBadSignature)
  }
}
