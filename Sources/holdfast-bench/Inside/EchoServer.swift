import Foundation
import Linux
import Synchronization

/// What a socket costs without anything behind it: answers every line with the same bytes.
final class EchoServer: Sendable {
  let path = "/run/holdfast-bench-\(getpid()).sock"
  private let answer = Mutex<[UInt8]>([])

  /// Starts to answer, on a thread of its own, for as long as this process lives.
  init() throws(SystemError) {
    let listener = try UnixSocket.listen(path)
    try listener.setNonBlocking(false)
    let thread = Thread { [self] in
      while true {
        guard let client = try? UnixSocket.accept(listener) else { continue }
        try? client.setNonBlocking(false)
        while let bytes = try? client.read(upTo: 4096), !bytes.isEmpty {
          try? client.writeAll(answer.withLock { $0 })
        }
      }
    }
    thread.start()
  }

  func answer(with bytes: [UInt8]) { answer.withLock { $0 = bytes } }

  func remove() { try? Files.remove(path) }
}
