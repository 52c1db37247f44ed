/// One configuration file as it was read: its name and its bytes. This module opens no files.
package struct ConfigurationSource: Sendable, Equatable {
  /// Which sections a file may have, and when it is read.
  package enum Kind: Sendable, Equatable {
    /// `/etc/holdfast/holdfast.conf`: read first.
    case main
    /// `/etc/holdfast/holdfast.conf.d/*.conf`: read next, by file name; a later one overrides.
    case dropIn
    /// `/etc/holdfast/services.d/NAME.conf`: one protected service.
    case service
  }

  /// At most this many bytes make up one file.
  package static let maxBytes = 64 << 10

  /// What issues name it by: its path.
  package let path: String
  package let bytes: [UInt8]
  package let kind: Kind

  /// - Parameter kind: what the file is; by default what the name of its directory says.
  package init(path: String, bytes: [UInt8], kind: Kind? = nil) {
    self.path = path
    self.bytes = bytes
    self.kind = kind ?? Self.kind(of: path)
  }

  package init(path: String, text: String, kind: Kind? = nil) {
    self.init(path: path, bytes: Array(text.utf8), kind: kind)
  }

  /// The last component of the path, which drop-ins are ordered by.
  var fileName: Substring {
    path.utf8.lastIndex(of: UInt8(ascii: "/")).map { path[path.index(after: $0)...] } ?? path[...]
  }

  private static func kind(of path: String) -> Kind {
    let directory = path.split(separator: "/").dropLast().last
    return switch directory {
    case "services.d": .service
    case "holdfast.conf.d": .dropIn
    default: .main
    }
  }
}
