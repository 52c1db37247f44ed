internal import AgentToken
internal import ControlSocket
internal import JSON
internal import Linux
internal import Protection
internal import Shields

/// `release`: what packages may be upgraded to without a token, and what of that is known here.
extension Agent {
  func release(_ request: ControlRequest, _ connection: ControlConnection) throws(Refusal) {
    switch request.arguments.first {
    case "list":
      try request.expect(1...1)
      connection.succeed([
        .init(name: "packages", value: .array(releases.manifests.flatMap(described)))
      ])
    case "show":
      try request.expect(4...4)
      try requireEnrolled()
      let (name, version) = (request.arguments[1], request.arguments[2])
      let package = try released(name, version, request.arguments[3])
      connection.succeed([
        .init(name: "package", value: package.json),
        .init(name: "installed", value: .bool(isInstalled(package))),
        .init(name: "in_hand", value: .bool(packagesInHand.contains("\(name) \(version)"))),
      ])
    default: try takeRelease(request, connection)
    }
  }

  private func takeRelease(
    _ request: ControlRequest, _ connection: ControlConnection
  ) throws(Refusal) {
    try request.expect(1...1)
    try requireEnrolled()
    let text = Array(request.arguments[0].utf8)
    whenFree(.other, connection) { [weak self] () throws(Refusal) in
      guard let self else { return }
      guard let own = trust.trust else { throw Refusal.trustMissing }
      let manifest = try own.verifier(scheme).release(text)
      let changed = try releases.take(
        manifest, installed: installedPackages, inUse: packagesInHand)
      finish(manifest, changed: changed, connection)
    }
  }

  private func finish(
    _ manifest: ReleaseManifest, changed: Bool, _ connection: ControlConnection
  ) {
    let reply: [JSON.Member] = [
      .init(name: "changed", value: .bool(changed)),
      .init(name: "packages", value: .array(described(manifest))),
    ]
    guard changed else { return connection.succeed(reply) }
    recorder.event(
      "release",
      outcome: manifest.packages.map { "\($0.name) \($0.version)" }.joined(separator: ", "),
      peer: connection.peer, details: [("kid", manifest.signer.kid)])
    // apt is told to take it.
    whenSettled.append { connection.succeed(reply) }
    handle(.definitionsChanged)
  }

  private func described(_ manifest: ReleaseManifest) -> [JSON] {
    manifest.packages.map { package in
      [
        "name": .string(package.name), "version": .string(package.version),
        "architecture": .string(package.architecture), "kid": .string(manifest.signer.kid),
        "issued": .integer(manifest.issuedAt), "files": .integer(Int64(package.files.count)),
        "revoked": .bool(revoked.map(manifest.isRevoked(by:)) ?? true),
        "installed": .bool(isInstalled(package)),
      ]
    }
  }

  /// Whether it is what is protected here.
  private func isInstalled(_ package: ReleaseManifest.Package) -> Bool {
    guards.definitions.contains {
      $0.package?.name == package.name && $0.package?.version == package.version
        && $0.signedUpgrade == nil && !guards.void.contains($0.unit)
    }
  }

  /// - Throws: `release_missing`.
  func released(
    _ name: String, _ version: String, _ architecture: String
  ) throws(Refusal) -> ReleaseManifest.Package {
    let listed = releases.listed(name, architecture, revoked: revoked)
    guard let package = listed.first(where: { $0.version == version }) else {
      let known = listed.first.map { "; the newest that is, is \($0.version)" } ?? ""
      throw Refusal(
        .releaseMissing,
        "No signed release on this host lists \(name.prefix(128)) \(version.prefix(128)) for "
          + "\(architecture.prefix(128))\(known).",
        hint: "Take the cluster's release manifest first: holdfast release FILE")
    }
    return package
  }

  /// What a service's package may become, as far as a release lists it.
  func released(_ service: ServiceDefinition, _ version: String) -> ReleasedPackage? {
    guard let package = service.package else { return nil }
    return releases.listed(package.name, package.architecture, revoked: revoked)
      .first { $0.version == version }.map(ReleasedPackage.init)
  }

  /// The newest version that is listed for a service's package, where that is an upgrade.
  func offer(for service: ServiceDefinition) -> String? {
    guard service.upgrades == .signed, let package = service.package,
      let newest = releases.listed(package.name, package.architecture, revoked: revoked).first,
      DebianVersion(newest.version) > DebianVersion(package.version)
    else { return nil }
    return newest.version
  }

  /// All that is revoked; nil where nobody can say.
  private var revoked: Revocations? { trust.trust?.revoked }

  private var installedPackages: [(name: String, architecture: String, version: String)] {
    guards.definitions.compactMap { $0.signedUpgrade?.origin.package ?? $0.package }
      .map { ($0.name, $0.architecture, $0.version) }
  }

  private var packagesInHand: Set<String> {
    Set(
      guards.definitions.compactMap { service in
        service.signedUpgrade.flatMap { upgrade in
          service.package.map { "\($0.name) \(upgrade.version)" }
        }
      })
  }
}
