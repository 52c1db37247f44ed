internal import Linux
package import Protection

/// dpkg's database, read and never written (dpkg-query(1), deb(5)).
package struct PackageDatabase {
  private let directory: String

  package init(directory: String = "/var/lib/dpkg") { self.directory = directory }

  package var exists: Bool { Files.exists("\(directory)/status") }

  /// The locks that apt and dpkg hold during a transaction.
  package var isInTransaction: Bool {
    ["lock-frontend", "lock"].contains { FileLock.isHeld("\(directory)/\($0)") }
  }

  package struct Entry: Sendable, Equatable {
    package let name: String
    package let version: String
    package let architecture: String
    /// The stem of its files in /var/lib/dpkg/info: the name, with the architecture where several
    /// may be installed.
    package let stem: String
    package var conffiles: [String] { conffileSums.keys.sorted() }
    /// For each of its conffiles, the MD5 sum that it was shipped with.
    package let conffileSums: [String: String]
    /// The system is made of it: `Essential`, or of a priority that every Debian system installs
    /// (Debian policy, 2.5 and 3.8).
    package let isBasic: Bool
  }

  /// For each path that an installed package ships, the stem of that package. One pass over all
  /// packages' lists, however many paths.
  package func owners(of paths: [String]) -> [String: String] {
    var wanted = paths.map { ($0, Self.spellings(of: $0)) }
    // A package that ships a file lists its directory too, and those are few.
    let places = Set(wanted.flatMap { $0.1.map(Files.directory(of:)) })
    var found: [String: String] = [:]
    let info = "\(directory)/info"
    for name in (try? Files.list(info)) ?? [] where name.hasSuffix(".list") && !wanted.isEmpty {
      guard let list = try? Files.read("\(info)/\(name)") else { continue }
      let shipped = places.filter { $0 == "/" || Self.hasLine($0, in: list) }
      if shipped.isEmpty { continue }
      wanted.removeAll { path, spellings in
        let isShipped = spellings.contains {
          shipped.contains(Files.directory(of: $0)) && Self.hasLine($0, in: list)
        }
        guard isShipped else { return false }
        found[path] = String(name.dropLast(5))
        return true
      }
    }
    return found
  }

  /// The states of a package whose files are all there, whether configured or not (dpkg(1)).
  private static let there: Set<Substring> = [
    "installed", "triggers-pending", "triggers-awaited", "half-configured", "unpacked",
  ]

  /// The record of an installed package; nil where it is not installed.
  package func entry(stem: String) -> Entry? {
    let parts = stem.split(separator: ":", maxSplits: 1).map(String.init)
    guard let name = parts.first,
      let status = try? Files.read("\(directory)/status", limit: 256 << 20)
    else { return nil }
    var start = status.startIndex
    let field = Array("Package: \(name)\n".utf8)
    // A stanza ends with an empty line.
    while let found = Self.range(of: field, in: status, from: start) {
      start = found.upperBound
      guard found.lowerBound == 0 || status[found.lowerBound - 1] == UInt8(ascii: "\n") else {
        continue
      }
      let end =
        Self.range(of: [10, 10], in: status, from: start - 1)?.lowerBound ?? status.endIndex
      let fields = Self.fields(status[max(start, 0)..<max(start, end)])
      guard let version = fields["Version"], let architecture = fields["Architecture"],
        parts.count < 2 || parts[1] == architecture,
        fields["Status"].map({ Self.there.contains($0.split(separator: " ").last ?? "") }) == true
      else { continue }
      var conffileSums: [String: String] = [:]
      for line in (fields["Conffiles"] ?? "").split(separator: "\n") {
        let parts = line.split(separator: " ").map(String.init)
        if let path = parts.first { conffileSums[path] = parts.count > 1 ? parts[1] : "" }
      }
      return Entry(
        name: name, version: version, architecture: architecture, stem: stem,
        conffileSums: conffileSums,
        isBasic: fields["Essential"] == "yes"
          || ["required", "important", "standard"].contains(fields["Priority"] ?? ""))
    }
    return nil
  }

  /// The package's own files in the database (`filebeat.list`, `filebeat.postinst`, …).
  package func records(of entry: Entry) -> [String] {
    let prefix = "\(entry.stem)."
    return ((try? Files.list("\(directory)/info")) ?? [])
      .filter { $0.hasPrefix(prefix) && !$0.hasSuffix(".prerm") && !$0.hasSuffix("-new") }
      .map { "\(directory)/info/\($0)" }
  }

  /// The maintainer script of that name of a package with that stem.
  func script(_ name: String, of stem: String) -> String { "\(directory)/info/\(stem).\(name)" }

  /// What a package's list says that it ships, directories too; nil where it has none.
  func list(of stem: String) -> [String]? {
    (try? Files.text("\(directory)/info/\(stem).list", limit: 64 << 20)).map(Self.lines)
  }

  static func lines(_ text: String) -> [String] {
    text.split(separator: "\n").map { ReleasedPackage.onDisk(String($0)) }
  }

  /// Paths that dpkg puts elsewhere (dpkg-divert(1)).
  var diverted: Set<String> {
    // Three lines for each: the path, where it goes, and whose package it is not for.
    let lines =
      (try? Files.text("\(directory)/diversions", limit: 8 << 20))?
      .split(separator: "\n", omittingEmptySubsequences: false) ?? []
    return Set(lines.enumerated().filter { $0.offset % 3 == 0 }.map { String($0.element) })
  }

  /// The maintainer scripts that a running dpkg has unpacked and is about to run, by name.
  package func incomingScripts() -> [String: String] {
    let folder = "\(directory)/tmp.ci"
    var found: [String: String] = [:]
    for name in ReleasedPackage.scriptNames {
      guard let hash = try? SHA256Hash.ofFile("\(folder)/\(name)") else { continue }
      found[name] = SHA256Hash.hex(hash)
    }
    return found
  }

  package func prermPath(of entry: Entry) -> String { "\(directory)/info/\(entry.stem).prerm" }

  /// The version of a package that is installed now; nil where it is not.
  package func version(of package: InstalledPackage) -> String? {
    entry(stem: package.stem)?.version
  }

  /// The MD5 sum, in hexadecimal, that the package shipped for `path`.
  package func shippedSum(of path: String, in entry: Entry) -> String? {
    guard let text = try? Files.text("\(directory)/info/\(entry.stem).md5sums", limit: 64 << 20)
    else { return nil }
    let spellings = Self.spellings(of: path).map { String($0.dropFirst()) }
    for line in text.split(separator: "\n") {
      guard let gap = line.firstIndex(of: " ") else { continue }
      let name = line[gap...].drop { $0 == " " }
      if spellings.contains(where: { $0 == name }) { return String(line[..<gap]) }
    }
    return nil
  }

  /// A merged /usr leaves packages that still name `/lib/…` or `/bin/…`.
  private static func spellings(of path: String) -> [String] {
    for merged in ["bin", "sbin", "lib", "lib64", "lib32"] {
      if path.hasPrefix("/usr/\(merged)/") { return [path, String(path.dropFirst(4))] }
      if path.hasPrefix("/\(merged)/") { return [path, "/usr" + path] }
    }
    return [path]
  }

  private static func fields(_ stanza: ArraySlice<UInt8>) -> [String: String] {
    var fields: [String: String] = [:]
    var last: String?
    for line in stanza.split(separator: 10, omittingEmptySubsequences: true) {
      let text = String(decoding: line, as: UTF8.self)
      if text.first == " ", let name = last {
        fields[name, default: ""] += "\n" + text.dropFirst()
      } else if let colon = text.firstIndex(of: ":") {
        let name = String(text[..<colon])
        fields[name] = String(text[text.index(after: colon)...].drop { $0 == " " })
        last = name
      }
    }
    return fields
  }

  private static func hasLine(_ line: String, in text: [UInt8]) -> Bool {
    let wanted = Array("\(line)\n".utf8)
    var from = 0
    while let found = range(of: wanted, in: text, from: from) {
      if found.lowerBound == 0 || text[found.lowerBound - 1] == 10 { return true }
      from = found.lowerBound + 1
    }
    return false
  }

  private static func range(of needle: [UInt8], in text: [UInt8], from: Int) -> Range<Int>? {
    Bytes.find(needle, in: text, from: from).map { $0..<($0 + needle.count) }
  }
}

extension InstalledPackage {
  /// The stem of its files in /var/lib/dpkg/info.
  var stem: String {
    String((prermPath.split(separator: "/").last ?? "").dropLast(".prerm".count))
  }
}
