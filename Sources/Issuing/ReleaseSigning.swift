package import AgentToken
internal import DebianArchive
internal import JSON

extension Issuer {
  /// Signs what packages hosts may be upgraded to without a token, file by file.
  ///
  /// - Parameter paths: Debian package files.
  package func signRelease(
    of paths: [String], kid: String? = nil, passphrase: Passphrase? = nil
  ) throws(Refusal) -> ReleaseManifest {
    var packages: [JSON] = []
    for path in paths {
      do {
        packages.append(try DebianArchive(path: path).listing)
      } catch {
        throw Refusal(
          .invalid, "\(path) \(error.reason)", hint: "Name Debian package files, whole ones.")
      }
    }
    return try sign(
      .release, [.init(name: "packages", value: .array(packages))], kid: kid,
      passphrase: passphrase
    ) { (verifier, text) throws(Refusal) in try verifier.release(text) }
  }
}

extension DebianArchive {
  /// As a release manifest has it.
  fileprivate var listing: JSON {
    var members: [JSON.Member] = [
      .init(name: "name", value: .string(name)), .init(name: "version", value: .string(version)),
      .init(name: "architecture", value: .string(architecture)),
      .init(name: "files", value: Self.object(files)),
    ]
    if !links.isEmpty { members.append(.init(name: "links", value: Self.object(links))) }
    members.append(.init(name: "scripts", value: Self.object(scripts)))
    return .object(members)
  }

  private static func object(_ entries: [String: String]) -> JSON {
    .object(
      entries.sorted { $0.key < $1.key }.map { .init(name: $0.key, value: .string($0.value)) })
  }
}
