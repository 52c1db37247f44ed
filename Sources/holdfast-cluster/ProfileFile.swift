internal import AgentToken
internal import HostConfiguration
internal import Issuing
internal import Linux

/// A profile's settings as they are written: in the syntax of holdfast.conf(5).
enum ProfileFile {
  /// - Parameter path: `-` for standard input.
  static func read(_ path: String) throws(Refusal) -> ProfileSettings {
    let bytes: [UInt8]
    do {
      bytes =
        try path == "-"
        ? FileDescriptor.standardInput.readAll(limit: ConfigurationSource.maxBytes + 1)
        : Files.read(path, limit: ConfigurationSource.maxBytes + 1)
    } catch {
      throw Refusal(error, "read \(path)")
    }
    do {
      return try ProfileSettings(ConfigurationSource(path: path, bytes: bytes, kind: .main))
    } catch {
      throw Refusal(.invalid, error.description)
    }
  }
}
