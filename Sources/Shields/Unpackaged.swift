internal import Linux

/// What belongs to a service that no package ships, such as an agent that its vendor's script put
/// below /opt: with nobody to say which files are its own, only what is plainly no data counts.
enum Unpackaged {
  static let maxCompanions = 64

  /// Whether a file that a command line names is a setting or a program, and not data: by its name or
  /// its mode, and settled.
  static func isSetting(_ path: String) -> Bool {
    guard isSettled(path) else { return false }
    let name = path.split(separator: "/").last ?? ""
    let suffix = name.lastIndex(of: ".").map { name[name.index(after: $0)...] } ?? ""
    return suffixes.contains(suffix) || isExecutable(path)
  }

  private static let suffixes: Set<Substring> = [
    "conf", "config", "cfg", "cnf", "ini", "json", "toml", "yaml", "yml", "xml", "properties",
    "env",
    "hcl", "pem", "crt", "cer", "key", "policy", "rules", "jar", "war", "js", "lua", "pl", "py",
    "rb", "sh",
  ]

  private static func isExecutable(_ path: String) -> Bool {
    ((try? Files.status(path)) ?? nil).map { $0.mode & 0o111 != 0 } ?? false
  }

  /// Whether a file is root's alone to change, and lies where programs and settings do.
  private static func isSettled(_ path: String) -> Bool {
    guard ["/etc/", "/opt/", "/usr/"].contains(where: path.hasPrefix) else { return false }
    guard let status = try? Files.status(path) else { return false }
    return status.kind == .regular && status.uid == 0 && status.mode & 0o022 == 0
  }

  /// The other programs and the libraries in the program's own folder, where it has one below /opt.
  static func companions(of program: String) -> [String] {
    let folder = Files.directory(of: program)
    guard folder.hasPrefix("/opt/"), !["/opt/bin", "/opt/sbin", "/opt/lib"].contains(folder) else {
      return []
    }
    let found = ((try? Files.list(folder)) ?? []).filter { name in
      let path = "\(folder)/\(name)"
      guard path != program, isSettled(path) else { return false }
      return isExecutable(path) || name.split(separator: ".").dropFirst().contains("so")
    }
    return found.prefix(maxCompanions).map { "\(folder)/\($0)" }
  }
}
