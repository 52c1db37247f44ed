extension Files {
  /// Removes a directory and everything in it, immutable or not; links are not followed.
  package static func removeTree(_ path: String) throws(SystemError) {
    guard let status = try status(path) else { return }
    if status.kind == .directory || status.kind == .regular {
      try? InodeFlags.setImmutable(path, false)
    }
    guard status.kind == .directory else { return try remove(path) }
    for name in try list(path) { try removeTree("\(path)/\(name)") }
    try removeDirectory(path)
  }
}
