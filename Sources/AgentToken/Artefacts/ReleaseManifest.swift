package import JSON

/// What packages a cluster releases, file by file: verified, so that having one means that a key of
/// the role `release` signed it.
package struct ReleaseManifest: Sendable, Equatable {
  /// The most packages in one manifest.
  package static let maxPackages = 64

  package let cluster: String
  /// Seconds since the epoch.
  package let issuedAt: Int64
  package let packages: [Package]
  /// The key that signed it: to be stored beside it, for `restore`.
  package let signer: SigningKey
  /// The manifest as it came.
  package let jws: String

  /// One version of a package, as it is unpacked.
  package struct Package: Sendable, Equatable {
    /// As Debian's policy has it (section 5.6.7).
    package let name: String
    package let version: String
    package let architecture: String
    /// The SHA-256 of each regular file's content, in lower-case hexadecimal, by its absolute path.
    package let files: [String: String]
    /// The target of each symbolic link, by its absolute path.
    package let links: [String: String]
    /// The SHA-256 of each maintainer script, by its name: `preinst`, `postinst`, `prerm`, `postrm`
    /// or `config`.
    package let scripts: [String: String]

    /// The maintainer scripts that dpkg and debconf know.
    package static let scriptNames = ["preinst", "postinst", "prerm", "postrm", "config"]

    package init(
      name: String, version: String, architecture: String, files: [String: String],
      links: [String: String], scripts: [String: String]
    ) {
      self.name = name
      self.version = version
      self.architecture = architecture
      self.files = files
      self.links = links
      self.scripts = scripts
    }
  }

  init(_ payload: SignedPayload, key: SigningKey, text: [UInt8]) throws(Refusal) {
    let reader = ClaimReader(part: "Payload", code: ArtefactType.release.malformed)
    let limits = JSON.Limits(maxDepth: 6, maxMembers: .max, allowNegative: false)
    var cluster: String?
    var issuedAt: Int64?
    var packages: [Package]?
    for member in try reader.object(payload.bytes, limits: limits) {
      switch member.name {
      case "cluster": cluster = try reader.text(member, .id)
      case "iat": issuedAt = try reader.time(member)
      case "packages": packages = try Self.packages(member, reader)
      default: throw reader.unknown(member)
      }
    }
    self.cluster = try reader.required(cluster, "cluster")
    self.issuedAt = try reader.required(issuedAt, "iat")
    self.packages = try reader.required(packages, "packages")
    signer = key
    jws = String(decoding: text, as: UTF8.self)
  }

  /// The host's own stored copy, at start: verified once more, with the key stored beside it, which
  /// may have left the bundle since.
  ///
  /// - Throws: `release_malformed`, `release_unknown_key`, `release_bad_signature`.
  package static func restore(
    jws text: [UInt8], signer: SigningKey, scheme: any SignatureScheme
  ) throws(Refusal) -> ReleaseManifest {
    let (_, payload) = try ArtefactType.release.reopen(text, signer: signer, scheme: scheme)
    return try ReleaseManifest(payload, key: signer, text: text)
  }

  /// Whether the signer's word counts no more: its key was revoked since, or what it had signed by
  /// then.
  package func isRevoked(by revoked: Revocations) -> Bool {
    revoked.kids.contains(signer.kid) || (revoked.before[signer.kid].map { issuedAt < $0 } ?? false)
  }

  private static func packages(
    _ member: JSON.Member, _ reader: ClaimReader
  ) throws(Refusal) -> [Package] {
    let values = try reader.array(member)
    guard (1...maxPackages).contains(values.count) else {
      throw reader.wrong(member, "does not hold 1 to \(maxPackages) packages")
    }
    var packages: [Package] = []
    for value in values {
      let package = try Package(value)
      let isTwice = packages.contains {
        $0.name == package.name && $0.architecture == package.architecture
      }
      if isTwice { throw reader.wrong(member, "names \(package.name.quoted()) twice") }
      packages.append(package)
    }
    return packages
  }
}

extension ReleaseManifest.Package {
  init(_ value: JSON) throws(Refusal) {
    var reader = ClaimReader(part: "Package", code: ArtefactType.release.malformed)
    var name: String?
    var version: String?
    var architecture: String?
    var files: [String: String]?
    var links: [String: String]?
    var scripts: [String: String]?
    for member in try reader.object(value) {
      switch member.name {
      case "name":
        let text = try reader.text(member, .packageName)
        name = text
        reader = ClaimReader(part: "Package \(text.quoted())", code: reader.code)
      case "version": version = try reader.text(member, .packageVersion)
      case "architecture": architecture = try reader.text(member, .packageName)
      case "files":
        files = try Self.entries(member, reader, key: Self.isPlainPath, value: Self.isHash)
      case "links":
        links = try Self.entries(member, reader, key: Self.isPlainPath, value: Self.isTarget)
      case "scripts":
        scripts = try Self.entries(
          member, reader, key: { Self.scriptNames.contains($0) }, value: Self.isHash)
      default: throw reader.unknown(member)
      }
    }
    self.name = try reader.required(name, "name")
    self.version = try reader.required(version, "version")
    self.architecture = try reader.required(architecture, "architecture")
    self.files = try reader.required(files, "files")
    self.links = links ?? [:]
    self.scripts = try reader.required(scripts, "scripts")
    for path in self.links.keys where self.files[path] != nil {
      throw reader.refusal("\(path.quoted()) is both a file and a link")
    }
  }

  package var json: JSON {
    var members: [JSON.Member] = [
      .init(name: "name", value: .string(name)), .init(name: "version", value: .string(version)),
      .init(name: "architecture", value: .string(architecture)),
      .init(name: "files", value: Self.json(files)),
    ]
    if !links.isEmpty { members.append(.init(name: "links", value: Self.json(links))) }
    members.append(.init(name: "scripts", value: Self.json(scripts)))
    return .object(members)
  }

  private static func json(_ entries: [String: String]) -> JSON {
    .object(
      entries.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
        .map { .init(name: $0.key, value: .string($0.value)) })
  }

  private static func entries(
    _ member: JSON.Member, _ reader: ClaimReader, key: (String) -> Bool, value: (String) -> Bool
  ) throws(Refusal) -> [String: String] {
    var entries: [String: String] = [:]
    for entry in try reader.members(member) {
      guard key(entry.name) else {
        throw reader.wrong(member, "holds \(entry.name.quoted()), which is no name for one")
      }
      guard let text = entry.value.string, value(text) else {
        throw reader.wrong(member, "has something wrong for \(entry.name.quoted())")
      }
      // Names that are the same but for their bytes are one name to a dictionary.
      guard entries.updateValue(text, forKey: entry.name) == nil else {
        throw reader.wrong(member, "holds \(entry.name.quoted()) in two spellings")
      }
    }
    return entries
  }

  /// 64 digits of lower-case hexadecimal.
  private static func isHash(_ text: String) -> Bool {
    text.utf8.count == 64
      && text.utf8.allSatisfy {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0)
          || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains($0)
      }
  }

  /// Absolute, and written the one way that names it.
  private static func isPlainPath(_ path: String) -> Bool {
    guard isTarget(path), path.utf8.first == UInt8(ascii: "/") else { return false }
    return path.utf8.dropFirst()
      .split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
      .allSatisfy { !$0.isEmpty && !$0.elementsEqual(".".utf8) && !$0.elementsEqual("..".utf8) }
  }

  /// Something of at most 4,095 bytes without control characters (PATH_MAX in limits.h).
  private static func isTarget(_ path: String) -> Bool {
    (1...4_095).contains(path.utf8.count)
      && path.unicodeScalars.allSatisfy { $0.properties.generalCategory != .control }
  }
}
