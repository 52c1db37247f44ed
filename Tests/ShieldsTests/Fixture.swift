import Foundation
import Linux
import Protection

@testable import Shields

/// A service in a directory of its own that stands for the whole file system.
final class Fixture {
  let root: String
  let bench: Workbench
  let unit: UnitShield
  let file: FileShield
  let package: PackageShield
  let deriving: Deriving
  let directories: UnitDirectories

  init() throws {
    root = "\(try Files.resolve(NSTemporaryDirectory()))/hf-shields-\(UUID().uuidString.prefix(8))"
    directories = UnitDirectories(root: root)
    for directory in [
      "/etc/systemd/system/multi-user.target.wants", "/run/systemd/system",
      "/usr/lib/systemd/system", "/usr/sbin", "/etc/demo", "/var/lib/dpkg/info",
      "/etc/apt/preferences.d",
    ] {
      try Files.makeDirectory(root + directory, mode: 0o755, parents: true)
    }
    bench = try Workbench(directory: "\(root)/state")
    unit = UnitShield(bench: bench, directories: directories)
    file = FileShield(bench: bench)
    package = PackageShield(bench: bench, aptPreferences: "\(root)/etc/apt/preferences.d")
    deriving = Deriving(
      baseline: bench.baseline, packages: PackageDatabase(directory: "\(root)/var/lib/dpkg"),
      directories: directories)
    try write("/usr/lib/systemd/system/demo.service", "[Service]\nExecStart=/usr/sbin/demo\n")
    try write("/usr/sbin/demo", "#!/bin/sh\n", mode: 0o755)
    try write("/etc/demo/demo.conf", "a=1\n")
    try Files.symlink(
      "/usr/lib/systemd/system/demo.service",
      at: "\(root)/etc/systemd/system/multi-user.target.wants/demo.service")
    let conf = "\(root)/etc/demo/demo.conf"
    try write(
      "/var/lib/dpkg/status",
      """
      Package: demonstrator
      Status: install ok installed
      Architecture: amd64
      Version: 9

      Package: demo
      Status: install ok installed
      Architecture: amd64
      Version: 1.0-1
      Conffiles:
       \(conf) d41d8cd98f00b204e9800998ecf8427e
      Description: a demo
       with more lines

      """)
    // As in dpkg's own lists, the directories too.
    try write(
      "/var/lib/dpkg/info/demonstrator.list",
      "\(root)/usr/sbin\n\(root)/usr/sbin/demonstrator\n")
    try write(
      "/var/lib/dpkg/info/demo.list",
      "\(root)/usr/sbin\n\(root)/usr/sbin/demo\n"
        + "\(root)/usr/lib/systemd/system\n\(root)/usr/lib/systemd/system/demo.service\n")
    try write("/var/lib/dpkg/info/demo.prerm", "#!/bin/sh\nexit 0\n", mode: 0o755)
  }

  deinit {
    let enumerator = FileManager.default.enumerator(atPath: root)
    while let name = enumerator?.nextObject() as? String {
      try? InodeFlags.setImmutable("\(root)/\(name)", false)
    }
    try? FileManager.default.removeItem(atPath: root)
  }

  func write(_ path: String, _ text: String, mode: UInt32 = 0o644) throws {
    try Files.writeAtomically(root + path, text, mode: mode, sync: false)
  }

  func text(_ path: String) -> String? { try? Files.text(root + path) }

  func define() throws -> ServiceDefinition {
    var facts = UnitFacts(name: "demo.service")
    facts.loadState = "loaded"
    facts.fragment = "\(root)/usr/lib/systemd/system/demo.service"
    facts.programs = ["\(root)/usr/sbin/demo"]
    facts.type = "simple"
    return try deriving.define(
      [facts], extra: [], upgrades: .token, addedBy: AddedBy(uid: 0, loginUID: nil, at: 1))
  }

  var shields: [any Shield] { [unit, file, package] }

  /// Everything below the root but the daemon's own state: path → kind, mode, owner, flag, contents.
  func digest() throws -> [String: String] {
    var found: [String: String] = [:]
    let enumerator = FileManager.default.enumerator(atPath: root)
    while let name = enumerator?.nextObject() as? String {
      if name.hasPrefix("state") { continue }
      let path = "\(root)/\(name)"
      guard let status = try Files.status(path) else { continue }
      var line = "\(status.kind) \(status.mode) \(status.uid):\(status.gid)"
      switch status.kind {
      case .symlink: line += " → \(try Files.readLink(path))"
      case .regular:
        line +=
          " \(try InodeFlags.isImmutable(path)) \(SHA256Hash.hex(try SHA256Hash.ofFile(path)))"
      default: line += " \(try InodeFlags.isImmutable(path))"
      }
      found[name] = line
    }
    return found
  }
}
