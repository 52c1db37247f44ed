internal import Linux

/// The key of this boot's challenges: in memory, and in PID 1's descriptor store
/// (FileDescriptorStoreMax= in systemd.service(5)), so that a challenge is still good after the
/// daemon was restarted or killed, and worth nothing after a reboot.
final class ChallengeKey {
  private var key: [UInt8] = []
  private static let name = "challenge"

  static func isOurs(_ name: String) -> Bool { name == Self.name }

  /// What the service manager is given; a test is one too.
  private(set) var memory: SharedMemory?

  /// - Parameter descriptors: what the service manager kept for us.
  init(_ descriptors: [(name: String, fd: FileDescriptor)]) {
    let kept = descriptors.filter { Self.isOurs($0.name) }.compactMap { Self.read($0.fd) }
    // More than one is none that anybody can rely on.
    if kept.count == 1, let only = kept.first { key = only } else { renew() }
  }

  private static func read(_ file: FileDescriptor) -> [UInt8]? {
    guard let bytes = try? file.read(at: 0, upTo: KeyedHash.size + 1),
      bytes.count == KeyedHash.size
    else { return nil }
    return bytes
  }

  /// Makes another key: every challenge so far is unknown from now on.
  func renew() {
    key = Random.bytes(KeyedHash.size)
    memory = try? SharedMemory(name: "holdfast-challenge", size: KeyedHash.size)
    guard let memory else { return }
    memory.write(key, at: 0)
    // In between there is none in the store, and a daemon that starts then makes its own.
    _ = try? ServiceManager.notify("FDSTOREREMOVE=1\nFDNAME=\(Self.name)")
    _ = try? ServiceManager.notify(
      "FDSTORE=1\nFDNAME=\(Self.name)\nFDPOLL=0", descriptors: [memory.descriptor])
  }

  func hash(_ bytes: [UInt8]) -> [UInt8] { KeyedHash.of(bytes, key: key) }
}
