internal import Glibc

extension Files {
  /// Whether a shell pattern names the path; a `*` does not go past a `/`: fnmatch(3).
  package static func matches(_ path: String, pattern: String) -> Bool {
    fnmatch(pattern, path, FNM_PATHNAME) == 0
  }
}
