internal import Linux

/// What a Debian package file (deb(5)) would install, file by file: as the cluster releases it, and
/// as a host is about to take it. Reading is dpkg-deb(1)'s, so that both see what dpkg would.
package struct DebianArchive: Sendable, Equatable {
  package let name: String
  package let version: String
  package let architecture: String
  /// SHA-256 of each regular file, in lower-case hexadecimal, by absolute path.
  package let files: [String: String]
  /// The target of each symbolic link, by absolute path.
  package let links: [String: String]
  /// SHA-256 of each maintainer script, by its name.
  package let scripts: [String: String]

  package static let scriptNames: Set<String> = [
    "preinst", "postinst", "prerm", "postrm", "config",
  ]

  /// Why a file is no package that can be taken, to be read after its path.
  package struct Unreadable: Error, Equatable {
    package let reason: String
  }

  /// Reads all of it.
  package init(path: String) throws(Unreadable) {
    let control = try Self.control(of: path)
    (name, version, architecture) = (control.name, control.version, control.architecture)
    scripts = control.scripts
    var files: [String: String] = [:]
    var links: [String: String] = [:]
    try Self.read(path, "--fsys-tarfile") { (entry, body) throws(Unreadable) in
      let place = try Self.absolute(entry.name)
      switch entry.kind {
      case .directory: return
      case .file: files[place] = try body.hash()
      case .symbolicLink: links[place] = entry.link
      case .hardLink:
        guard let hash = files[try Self.absolute(entry.link)] else {
          throw Unreadable(reason: "has a hard link to what is not in it: \(place)")
        }
        files[place] = hash
      case .other: throw Unreadable(reason: "holds a device or the like: \(place)")
      }
    }
    self.files = files
    self.links = links
  }

  /// The name and version of a package file; nil for what is none.
  package static func label(of path: String) -> (name: String, version: String)? {
    (try? control(of: path)).map { ($0.name, $0.version) }
  }

  private struct Control {
    var name = ""
    var version = ""
    var architecture = ""
    var scripts: [String: String] = [:]
  }

  private static func control(of path: String) throws(Unreadable) -> Control {
    var control = Control()
    try read(path, "--ctrl-tarfile") { (entry, body) throws(Unreadable) in
      let name = String(try absolute(entry.name).dropFirst())
      if name == "control" {
        guard entry.kind == .file, entry.size <= 1 << 20 else {
          throw Unreadable(reason: "has no control file that could be read")
        }
        for line in String(decoding: try body.bytes(), as: UTF8.self).split(separator: "\n") {
          guard let colon = line.firstIndex(of: ":") else { continue }
          let value = String(line[line.index(after: colon)...].drop { $0 == " " })
          switch line[..<colon].lowercased() {
          case "package": control.name = value
          case "version": control.version = value
          case "architecture": control.architecture = value
          default: break
          }
        }
      } else if scriptNames.contains(name) {
        guard entry.kind == .file else {
          throw Unreadable(reason: "has a script that is no file: \(name)")
        }
        control.scripts[name] = try body.hash()
      }
    }
    guard !control.name.isEmpty, !control.version.isEmpty, !control.architecture.isEmpty else {
      throw Unreadable(reason: "does not say which package it is")
    }
    return control
  }

  private static func read(
    _ path: String, _ part: String,
    _ take: (TarReader.Entry, TarReader.Body) throws(Unreadable) -> Void
  ) throws(Unreadable) {
    let child: ReadChild
    do {
      child = try ReadChild(["dpkg-deb", part, path])
    } catch {
      throw Unreadable(reason: "cannot be read, for want of dpkg-deb: \(error)")
    }
    do throws(Unreadable) {
      try TarReader(child.output).readAll(take)
    } catch {
      // What dpkg-deb could not read is not the tar's fault.
      throw child.end() == 0 ? error : Unreadable(reason: "is no Debian package")
    }
    guard child.end() == 0 else { throw Unreadable(reason: "is no Debian package") }
  }

  /// `./usr/bin/x` as `/usr/bin/x`.
  private static func absolute(_ name: String) throws(Unreadable) -> String {
    let parts = name.split(separator: "/").filter { $0 != "." }
    guard !parts.contains("..") else { throw Unreadable(reason: "leads out of its place: \(name)") }
    return "/" + parts.joined(separator: "/")
  }
}

extension DebianArchive {
  /// What of it is not as listed, in sentences.
  package func differences(
    files listed: [String: String], links: [String: String], scripts: [String: String]
  ) -> [String] {
    Self.compare(self.scripts, scripts) { "the script \($0)" }
      + Self.compare(files, listed) { $0 } + Self.compare(self.links, links) { "the link \($0)" }
  }

  private static func compare(
    _ found: [String: String], _ listed: [String: String], _ called: (String) -> String
  ) -> [String] {
    Set(found.keys).union(listed.keys).sorted().compactMap { name in
      switch (found[name], listed[name]) {
      case (nil, _): "\(called(name)) is listed and not in it"
      case (_, nil): "\(called(name)) is not listed"
      case (let one, let other): one == other ? nil : "\(called(name)) is another than the listed"
      }
    }
  }
}
