import AgentToken
import JSON
import Linux
import TestSupport
import Testing

@testable import Agent

/// What is kept of a cluster's signatures, and that nothing older comes back unnoticed.
@Suite struct TrustStoreTests {
  private let authority = MintingAuthority()
  private let sodium = SodiumSignatures()

  private func enrolled(_ vault: StateVault) throws -> TrustStore {
    let store = TrustStore(vault: vault, scheme: sodium)
    let bundle = authority.bundle(keys: [
      authority.keyJWK(.siteAdmin),
      authority.keyJWK(.cluster, [.init(name: "loosens", value: true)]),
    ])
    try store.enrol(
      TrustStore.Trust(
        identity: authority.identity(), enrolment: MintingAuthority.enrolment,
        bundle: authority.enrolled(bundle)))
    return store
  }

  private func profile(_ store: TrustStore, _ version: Int64) throws -> SignedProfile {
    let trust = try #require(store.trust)
    return try #require(
      try trust.verifier(sodium).profile(
        authority.profile(version: version).bytes, enrolment: trust.enrolment,
        after: (trust.profile, trust.profileVersion), at: TrustedTime(now: MintingAuthority.now)))
  }

  private func list(
    _ store: TrustStore, _ sequence: Int64, _ jti: String
  ) throws -> SignedRevocations {
    let trust = try #require(store.trust)
    let draft = authority.revocations(sequence: sequence).with("jtis", [.string(jti)])
    return try #require(
      try trust.verifier(sodium).revocations(
        draft.bytes, after: (trust.revocations.sequence, trust.revocations.payload)))
  }

  @Test func allOfItSurvivesAStart() throws {
    let host = try StateVaultTests.Host()
    let store = try enrolled(host.open())
    try store.take(profile(store, 3), StateVault.Change(writes: [("accepted/x.conf", [1])]))
    try store.add(list(store, 1, "jti-aaaaaaaaaaaaaaaa"))
    try store.add(list(store, 2, "jti-bbbbbbbbbbbbbbbb"))
    let vault = host.open()
    let again = TrustStore(vault: vault, scheme: sodium)
    #expect(again.trust == store.trust)
    #expect(again.trust?.profile?.version == 3)
    #expect(again.trust?.revoked.jtis == ["jti-aaaaaaaaaaaaaaaa", "jti-bbbbbbbbbbbbbbbb"])
    #expect(again.missesRevocations == nil)
    // In one step with it.
    #expect(vault.places.map { $0.read("accepted/x.conf") } == [[1], [1]])
  }

  @Test func aBundleTakesOverWhatItSaysItself() throws {
    let host = try StateVaultTests.Host()
    let store = try enrolled(host.open())
    try store.add(list(store, 1, "jti-aaaaaaaaaaaaaaaa"))
    try store.take(profile(store, 3), StateVault.Change())
    let next = authority.bundle(sequence: 42, revoked: ["jtis": ["jti-aaaaaaaaaaaaaaaa"]])
    guard
      case .newer(let bundle)? = try store.trust?.bundle.successor(
        jws: next.bytes, scheme: sodium)
    else {
      Issue.record("not newer")
      return
    }
    try store.replace(bundle: bundle)
    #expect(store.trust?.revoked.jtis == ["jti-aaaaaaaaaaaaaaaa"])
    #expect(store.trust?.revocations.revoked == Revocations.none)
    #expect(store.trust?.revocations.sequence == 1)
    #expect(store.trust?.profileVersion == 3)
  }

  @Test func enrollingAgainBeginsAnew() throws {
    let host = try StateVaultTests.Host()
    let store = try enrolled(host.open())
    try store.take(profile(store, 3), StateVault.Change())
    let old = try #require(store.trust)
    try store.enrol(
      TrustStore.Trust(identity: old.identity, enrolment: "another", bundle: old.bundle))
    #expect(store.trust?.profile == nil)
    #expect(TrustStore(vault: host.open(), scheme: sodium).trust?.profileVersion == 0)
  }

  /// Old copies in both places: what they lack is known, so that nothing older counts again.
  @Test func olderCopiesBringNothingBack() throws {
    let host = try StateVaultTests.Host()
    let witness = Witness([])
    let store = try enrolled(host.open(witness))
    try store.take(profile(store, 3), StateVault.Change())
    try store.add(list(store, 1, "jti-aaaaaaaaaaaaaaaa"))
    for place in [host.first, host.second] {
      try StateVaultTests.Host.copy(place, to: place + ".old")
    }
    try store.take(profile(store, 4), StateVault.Change())
    try store.add(list(store, 2, "jti-bbbbbbbbbbbbbbbb"))
    for place in [host.first, host.second] { try host.putBack(place, from: place + ".old") }

    let vault = host.open(
      Witness([("witness-a", try #require(witness.descriptor))]))
    let again = TrustStore(vault: vault, scheme: sodium)
    #expect(again.missesRevocations == 2)
    #expect(again.trust?.profile?.version == 3)
    #expect(again.trust?.currentProfile == nil)
    #expect(throws: Refusal.self) { try profile(again, 4) }
    // Until the newest is back, or somebody with a token says that this is it.
    try again.take(profile(again, 5), StateVault.Change())
    #expect(again.missesRevocations == 2)
    #expect(again.trust?.currentProfile?.version == 5)
    try again.add(list(again, 2, "jti-bbbbbbbbbbbbbbbb"))
    #expect(again.missesRevocations == nil)
  }
}
