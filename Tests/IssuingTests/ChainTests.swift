import AgentToken
import Issuing
import Linux
import Testing

@Suite struct ChainTests {
  /// Bundle 4 is the first with roots 1 and 2, 6 the first without 1, 7 the first with 3.
  private func rotated() throws -> Workshop {
    let workshop = try Workshop.equipped()
    let issuer = workshop.issuer()
    _ = try issuer.addRoot()
    _ = try issuer.revokeKey("release-1")
    _ = try issuer.retireRoot("root-1")
    _ = try issuer.addKey(KeyRequest(role: .release))
    _ = try issuer.addRoot(kid: "third")
    _ = try issuer.revokeKey("release-2")
    return workshop
  }

  @Test func aHostThatWasAwayFollowsTheRoots() throws {
    let workshop = try rotated()
    let issuer = workshop.issuer()
    #expect(try issuer.chain(from: 0).map(\.sequence) == [1, 5, 7, 9, 10])
    #expect(try issuer.chain(from: 1).map(\.sequence) == [5, 7, 9, 10])
    #expect(try issuer.chain(from: 6).map(\.sequence) == [7, 9, 10])
    #expect(try issuer.chain(from: 9).map(\.sequence) == [10])
    #expect(try issuer.chain(from: 10).isEmpty)
    #expect(refusal { _ = try issuer.chain(from: 11) }?.code == .invalid)
    #expect(refusal { _ = try issuer.chain(from: -1) }?.code == .invalid)

    var host = try #require(issuer.chain(from: 0).first)
    let current = try issuer.bundle()
    #expect(
      refusal {
        _ = try host.successor(jws: Array(current.jws.utf8), scheme: Libsodium())
      }?.code == .bundleUnknownRoot)
    for bundle in try issuer.chain(from: host.sequence) {
      guard
        case .newer(let next) = try host.successor(
          jws: Array(bundle.jws.utf8), scheme: Libsodium())
      else {
        Issue.record("bundle \(bundle.sequence) is no news")
        return
      }
      host = next
    }
    #expect(host == current)
  }

  @Test func theRootThatSignsIsTheOneExported() throws {
    let workshop = try Workshop.equipped()
    let issuer = workshop.issuer()
    _ = try issuer.addRoot()
    #expect(try issuer.root().kid == "root-1")
    _ = try workshop.enrolled()
    _ = try issuer.retireRoot("root-1")
    #expect(try issuer.root().kid == "root-2")
    #expect(!Files.exists(workshop.directory + "/keys/root-1.jwk"))
    _ = try workshop.enrolled()
  }

  @Test func theLastRootStays() throws {
    let workshop = try Workshop.equipped()
    let before = try workshop.snapshot()
    #expect(refusal { _ = try workshop.issuer().retireRoot("root-1") }?.code == .invalid)
    #expect(refusal { _ = try workshop.issuer().retireRoot("root-7") }?.code == .unknownKey)
    #expect(try workshop.snapshot() == before)
  }

  @Test func aDamagedArchiveIsSaidAndHindersNoRevocation() throws {
    let workshop = try rotated()
    let issuer = workshop.issuer()
    try Files.writeAtomically(workshop.directory + "/bundles/5.jws", Array("nonsense".utf8))
    #expect(refusal { _ = try issuer.chain(from: 0) }?.code == .issuerDamaged)
    #expect(try issuer.revokeKey("site-admin-1").changed)
  }
}
