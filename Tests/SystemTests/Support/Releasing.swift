import DebianArchive
import JSON
import TestSupport
import Testing

extension ProtectedHost {
  /// Makes /root/NAME.deb on the machine: a package of the checkout under another version, changed by
  /// a shell script that runs in its tree.
  func repackage(
    _ package: String, _ version: String, as new: String, to name: String, _ change: String = ""
  ) async throws {
    let source = try ProtectedDisk.package(package, version)
    let made = try await HostCommand.run([
      "bash", "-ec",
      """
      tree=$(mktemp -d)
      trap 'rm -rf "$tree"' EXIT
      dpkg-deb --raw-extract '\(source)' "$tree/new"
      cd "$tree/new"
      sed -i 's/^Version: .*/Version: \(new)/' DEBIAN/control
      \(change)
      dpkg-deb -Znone --root-owner-group --build . '\(machine.hostPath("/root/\(name).deb"))' >/dev/null
      """,
    ])
    #expect(made.succeeded, "\(made)")
  }

  /// Signs what is in /root/NAME.deb, file by file, as /root/NAME.release.
  func sign(_ name: String) throws {
    let archive = try DebianArchive(path: machine.hostPath("/root/\(name).deb"))
    let object = { (entries: [String: String]) in
      JSON.object(entries.map { .init(name: $0.key, value: .string($0.value)) })
    }
    let manifest = cluster.release(
      [
        [
          "name": .string(archive.name), "version": .string(archive.version),
          "architecture": .string(archive.architecture), "files": object(archive.files),
          "links": object(archive.links), "scripts": object(archive.scripts),
        ]
      ], issuedAt: Self.now - 1)
    try machine.write("/root/\(name).release", manifest.text + "\n")
  }

  /// Signs what is in /root/NAME.deb, and has the host take that.
  func release(_ name: String) async throws {
    try sign(name)
    try await allows("holdfast release /root/\(name).release")
  }

  /// Writes a service's settings; looser ones are taken because it is unprotected for that.
  func set(_ lines: String, for unit: String) async throws {
    try machine.write(
      "/etc/holdfast/services.d/\(unit).conf", "[Service]\nUnit=\(unit).service\n\(lines)\n")
    let refused = try await machine.run("holdfast reload")
    #expect(refused.status == 1, "\(refused)")
    try await unprotect(services: ["\(unit).service"])
    try await allows("holdfast reload && holdfast protect")
  }

  func version(of package: String) async throws -> String {
    try await machine.must("dpkg-query -W -f '${Version}' \(package)")
  }
}
