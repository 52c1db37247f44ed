package import AgentToken

/// One version of a package as a signed release lists it, with its paths as they are on the disk.
package struct ReleasedPackage: Sendable, Equatable {
  package let name: String
  package let version: String
  package let architecture: String
  /// SHA-256 in lower-case hexadecimal, by path.
  package let files: [String: String]
  /// Targets, by path.
  package let links: [String: String]
  /// SHA-256 of each maintainer script, by its name.
  package let scripts: [String: String]

  package init(
    name: String, version: String, architecture: String, files: [String: String],
    links: [String: String] = [:], scripts: [String: String] = [:]
  ) {
    self.name = name
    self.version = version
    self.architecture = architecture
    self.files = Self.onDisk(files)
    self.links = Self.onDisk(links)
    self.scripts = scripts
  }

  package init(_ package: ReleaseManifest.Package) {
    self.init(
      name: package.name, version: package.version, architecture: package.architecture,
      files: package.files, links: package.links, scripts: package.scripts)
  }

  /// The maintainer scripts that dpkg and debconf run.
  package static var scriptNames: [String] { ReleaseManifest.Package.scriptNames }

  private static func onDisk(_ entries: [String: String]) -> [String: String] {
    Dictionary(entries.map { (onDisk($0.key), $0.value) }, uniquingKeysWith: { first, _ in first })
  }

  /// Where a file of a package is found: with /usr merged, packages may still name `/lib/…`.
  package static func onDisk(_ path: String) -> String {
    for merged in ["bin", "sbin", "lib", "lib64", "lib32"] where path.hasPrefix("/\(merged)/") {
      return "/usr" + path
    }
    return path
  }
}

/// A signed upgrade that dpkg has in hand: what it is to become, and what is put back where that is
/// not what lands.
package indirect enum SignedUpgrade: Sendable, Equatable {
  case to(version: String, from: ServiceDefinition)

  package var version: String {
    switch self {
    case .to(let version, _): version
    }
  }

  package var origin: ServiceDefinition {
    switch self {
    case .to(_, let origin): origin
    }
  }
}
