internal import AgentToken
internal import Cluster
internal import JSON
internal import Linux

/// A file that nobody but its owner may read, and that has its name only once it is whole. One that is
/// never finished is removed.
final class NewFile: Sendable {
  /// Where it is written; empty at first.
  let draft: String
  private let path: String

  /// - Throws: `conflict` where something of that name is there; `store_failed`.
  init(_ path: String) throws(Refusal) {
    self.path = path
    draft = "\(Files.directory(of: path))/.holdfast-\(Hex.encode(Random.bytes(8)))"
    try requireFree()
    do {
      _ = try FileDescriptor.open(
        draft, flags: OpenFlags.writeOnly | OpenFlags.create | OpenFlags.noFollow, mode: 0o600)
    } catch {
      throw Self.failure(error, path)
    }
  }

  deinit {
    for end in ["", "-journal", "-wal", "-shm"] { try? Files.remove(draft + end) }
  }

  /// Has it on the disk, content and name.
  func finish() throws(Refusal) {
    try requireFree()
    do {
      try FileDescriptor.open(draft, flags: OpenFlags.readOnly).sync()
      try Files.rename(draft, to: path)
      try Files.syncDirectory(Files.directory(of: path))
    } catch {
      throw Self.failure(error, path)
    }
  }

  private func requireFree() throws(Refusal) {
    guard Files.exists(path) else { return }
    throw Refusal(
      .conflict, "There is something at \(path.quoted()) already.", hint: "Choose another name.")
  }

  private static func failure(_ error: SystemError, _ path: String) -> Refusal {
    Refusal(.storeFailed, "\(path.quoted()) could not be written: \(error.reason).")
  }
}
