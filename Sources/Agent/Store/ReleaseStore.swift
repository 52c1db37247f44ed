internal import AgentToken
internal import JSON
internal import Linux
internal import Protection

/// The release manifests that this host took, each with the key that signed it. A package's version
/// only ever goes up: what is newest of each stays, so that nothing older is taken again.
final class ReleaseStore {
  /// One manifest, by the name of its file.
  private struct Kept {
    let name: String
    let manifest: ReleaseManifest
    var bytes: [UInt8] {
      let json: JSON = ["signer": manifest.signer.jwk, "jws": .string(manifest.jws)]
      return Array((json.encoded() + "\n").utf8)
    }
  }

  private var kept: [Kept] = []
  private let vault: StateVault
  private static let folder = "releases"
  /// Manifests, and bytes of all of them together.
  static let limit = 32
  static let byteLimit = 4 << 20

  init(vault: StateVault, scheme: any SignatureScheme) {
    self.vault = vault
    let place = vault.places[0]
    for name in place.names() where name.hasPrefix("\(Self.folder)/") {
      // What does not hold is as good as none: upgrades are refused then.
      guard let bytes = place.read(name), let json = try? JSON.parse(bytes),
        let text = json["jws"]?.string, let jwk = json["signer"],
        let signer = try? SigningKey(jwk: jwk, scheme: scheme),
        let manifest = try? ReleaseManifest.restore(
          jws: Array(text.utf8), signer: signer, scheme: scheme)
      else { continue }
      kept.append(Kept(name: name, manifest: manifest))
    }
  }

  /// What the file should hold.
  func content(_ name: String) -> [UInt8]? { kept.first { $0.name == name }?.bytes }

  var manifests: [ReleaseManifest] { kept.map(\.manifest) }

  private var packages: [ReleaseManifest.Package] { manifests.flatMap(\.packages) }

  /// What is listed for a package, the newest version first, by keys whose word still counts.
  func listed(
    _ name: String, _ architecture: String, revoked: Revocations?
  ) -> [ReleaseManifest.Package] {
    manifests.filter { manifest in !(revoked.map(manifest.isRevoked(by:)) ?? true) }
      .flatMap(\.packages)
      .filter { $0.name == name && $0.architecture == architecture }
      .sorted { DebianVersion($0.version) > DebianVersion($1.version) }
  }

  /// Takes a manifest.
  ///
  /// - Parameters:
  ///   - installed: versions below which none may be, by package and architecture.
  ///   - inUse: versions that dpkg has in hand just now, so that their manifests stay.
  /// - Returns: false where all of it was known.
  /// - Throws: `release_older`, `release_conflict`, `release_full`, `internal`.
  func take(
    _ manifest: ReleaseManifest, installed: [(name: String, architecture: String, version: String)],
    inUse: Set<String>
  ) throws(Refusal) -> Bool {
    var isNew = false
    for package in manifest.packages {
      let version = DebianVersion(package.version)
      for known in packages where package.isSamePackage(as: known) {
        let other = DebianVersion(known.version)
        if version < other { throw Self.older(package, known.version, "was released here") }
        if version == other, known != package {
          throw Refusal(
            ArtefactType.release.conflict,
            "\(package.name) \(known.version) was released here with other contents.",
            hint: "Release what changed as a new version.")
        }
      }
      for other in installed
      where other.name == package.name && other.architecture == package.architecture {
        if version < DebianVersion(other.version) {
          throw Self.older(package, other.version, "is installed")
        }
      }
      isNew = isNew || !packages.contains(package)
    }
    guard isNew else { return false }
    try store(manifest, inUse)
    return true
  }

  /// Another cluster's word counts here from now on, or the same one's anew.
  func forget() throws(SystemError) {
    guard !kept.isEmpty else { return }
    try vault.apply(StateVault.Change(removals: kept.map(\.name)))
    kept = []
  }

  private static func older(
    _ package: ReleaseManifest.Package, _ known: String, _ what: String
  ) -> Refusal {
    Refusal(
      ArtefactType.release.older,
      "It lists \(package.name) \(package.version), and \(known) \(what).",
      hint: "Ask the cluster for the newest one.")
  }

  private func store(_ manifest: ReleaseManifest, _ inUse: Set<String>) throws(Refusal) {
    let hash = SHA256Hash.hex(SHA256Hash.of(Array(manifest.jws.utf8)))
    let new = Kept(name: "\(Self.folder)/\(hash.prefix(32)).json", manifest: manifest)
    let staying = kept.filter { old in
      !old.manifest.packages.allSatisfy { package in
        !inUse.contains("\(package.name) \(package.version)")
          && manifest.packages.contains(where: package.isSamePackage)
      }
    }
    guard staying.count < Self.limit,
      (staying + [new]).reduce(0, { $0 + $1.bytes.count }) <= Self.byteLimit
    else {
      throw Refusal(
        .releaseFull,
        "\(kept.count) release manifests are kept here already, which is as many as there may be.",
        hint: "Release several packages in one manifest: it takes the place of those that list no "
          + "others.")
    }
    do {
      try vault.apply(
        StateVault.Change(
          writes: [(new.name, new.bytes)],
          removals: kept.map(\.name).filter { name in !staying.contains { $0.name == name } }))
    } catch {
      throw Refusal(.internalError, "The release manifest cannot be stored: \(error)")
    }
    kept = staying + [new]
  }
}

extension ReleaseManifest.Package {
  fileprivate func isSamePackage(as other: Self) -> Bool {
    name == other.name && architecture == other.architecture
  }
}

extension Refusal.Code {
  /// No more manifests are kept.
  static let releaseFull = Self(rawValue: "release_full")
  /// No release here lists that version of the package.
  static let releaseMissing = Self(rawValue: "release_missing")
  /// What dpkg is about to install is not what the release lists.
  static let releaseMismatch = Self(rawValue: "release_mismatch")
}
