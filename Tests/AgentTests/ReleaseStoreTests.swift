import AgentToken
import JSON
import Linux
import TestSupport
import Testing

@testable import Agent

/// Release manifests: only ever newer ones, kept through restarts.
@Suite struct ReleaseStoreTests {
  private let host: StateVaultTests.Host
  private let cluster = MintingAuthority()

  init() throws { host = try StateVaultTests.Host() }

  private func open() -> ReleaseStore {
    ReleaseStore(vault: host.open(), scheme: SodiumSignatures())
  }

  private func package(_ name: String, _ version: String, hash: Character = "a") -> JSON {
    [
      "name": .string(name), "version": .string(version), "architecture": "all",
      "files": ["/usr/sbin/demo": .string(String(repeating: hash, count: 64))], "scripts": [:],
    ]
  }

  private func manifest(
    _ packages: JSON..., issuedAt: Int64 = MintingAuthority.now
  ) throws -> ReleaseManifest {
    try ArtefactVerifier(
      bundle: cluster.enrolled(), identity: cluster.identity(), scheme: SodiumSignatures()
    ).release(cluster.release(packages, issuedAt: issuedAt).bytes)
  }

  private func code(_ take: () throws -> Bool) -> String {
    do {
      return try take() ? "taken" : "known"
    } catch {
      return (error as? Refusal)?.code.rawValue ?? "\(error)"
    }
  }

  @Test func aVersionOnlyGoesUp() throws {
    let store = open()
    let take = { (packages: [JSON], installed: String) in
      code {
        let manifest = try ArtefactVerifier(
          bundle: cluster.enrolled(), identity: cluster.identity(), scheme: SodiumSignatures()
        ).release(cluster.release(packages).bytes)
        return try store.take(
          manifest, installed: [("demo", "all", installed)], inUse: [])
      }
    }
    #expect(take([package("demo", "1.9")], "2.0") == "release_older")
    #expect(take([package("demo", "2.0")], "2.0") == "taken")
    #expect(take([package("demo", "2.0")], "2.0") == "known")
    #expect(take([package("demo", "2.0", hash: "b")], "2.0") == "release_conflict")
    #expect(take([package("demo", "2.0-0", hash: "b")], "2.0") == "release_conflict")
    #expect(take([package("demo", "2.0~rc1")], "1.0") == "release_older")
    #expect(take([package("demo", "2.10"), package("other", "1")], "2.0") == "taken")
    #expect(take([package("demo", "2.9")], "2.0") == "release_older")
    // Another restart of the daemon.
    let again = open()
    #expect(again.manifests == store.manifests)
    let revoked = try cluster.enrolled().revoked
    #expect(again.listed("demo", "all", revoked: revoked).map(\.version) == ["2.10"])
    #expect(again.listed("demo", "amd64", revoked: revoked) == [])
  }

  @Test func whatDpkgHasInHandStays() throws {
    let store = open()
    #expect(try store.take(manifest(package("demo", "1")), installed: [], inUse: []))
    #expect(try store.take(manifest(package("demo", "2")), installed: [], inUse: ["demo 1"]))
    #expect(store.manifests.count == 2)
    #expect(try store.take(manifest(package("demo", "3")), installed: [], inUse: []))
    #expect(store.manifests.map(\.packages[0].version) == ["3"])
  }

  @Test func aRevokedKeyListsNothing() throws {
    let store = open()
    #expect(try store.take(manifest(package("demo", "1")), installed: [], inUse: []))
    let kid = MintingAuthority.kid(for: .release)
    let now = MintingAuthority.now
    for (revoked, count) in [
      (JSON.object([]), 1), (["kids": [.string(kid)]], 0),
      (["before": .object([.init(name: kid, value: .integer(now))])], 1),
      (["before": .object([.init(name: kid, value: .integer(now + 1))])], 0),
    ] {
      let revocations = try cluster.enrolled(cluster.bundle(revoked: revoked)).revoked
      #expect(store.listed("demo", "all", revoked: revocations).count == count)
    }
    #expect(store.listed("demo", "all", revoked: nil) == [])
  }

  @Test func noMoreThanSoManyAreKept() throws {
    let store = open()
    for number in 0..<ReleaseStore.limit {
      #expect(
        try store.take(manifest(package("demo\(number)", "1")), installed: [], inUse: []))
    }
    #expect(
      code { try store.take(manifest(package("more", "1")), installed: [], inUse: []) }
        == "release_full")
    // One that takes another's place needs none of its own.
    #expect(try store.take(manifest(package("demo7", "2")), installed: [], inUse: []))
    #expect(open().manifests.count == ReleaseStore.limit)
  }

  @Test func anotherEnrolmentForgetsThemAll() throws {
    let store = open()
    #expect(try store.take(manifest(package("demo", "2")), installed: [], inUse: []))
    try store.forget()
    #expect(open().manifests == [])
    #expect(try store.take(manifest(package("demo", "1")), installed: [], inUse: []))
  }

  @Test func aDamagedFileListsNothing() throws {
    let store = open()
    #expect(try store.take(manifest(package("demo", "1")), installed: [], inUse: []))
    let name = try #require(try Files.list("\(host.first)/releases").first)
    for place in [host.first, host.second] {
      try host.tamper("\(place)/releases/\(name)", Array("{}".utf8))
    }
    #expect(open().manifests == [])
  }
}
