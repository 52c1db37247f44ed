internal import Glibc

/// What this program was started with: environ(7).
package enum Environment {
  /// A variable's value; nil where it is not set.
  package static func value(of name: String) -> String? {
    getenv(name).map { String(cString: $0) }
  }
}
