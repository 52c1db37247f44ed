package import JSON
package import Linux

/// The other end of the control socket, for the local command and for tests: one connection,
/// blocking, with a deadline.
package struct ControlClient {
  private let path: String
  /// For each line of a reply: seconds; nil waits for ever (`watch`).
  private let timeout: Int?
  private static let replyLimit = 4 << 20

  package init(path: String = "/run/holdfast/control.sock", timeoutSeconds: Int? = 30) {
    self.path = path
    timeout = timeoutSeconds
  }

  /// Sends one request line, without its newline, and returns the one reply.
  package func request(_ line: String) throws(ClientError) -> JSON {
    try connect().request(line)
  }

  /// Sends one request line and hands over reply lines until `onLine` says `false` or the daemon
  /// closes.
  package func stream(_ line: String, onLine: (JSON) -> Bool) throws(ClientError) {
    try connect().stream(line, onLine: onLine)
  }

  /// Opens a connection for several requests, one after the other.
  package func connect() throws(ClientError) -> Conversation {
    do throws(SystemError) {
      return Conversation(
        socket: try UnixSocket.connect(path, timeout: timeout.map { UInt64($0) * 1_000_000 }))
    } catch {
      throw .unreachable(error)
    }
  }

  /// One connection; the daemon answers in the order in which it is asked.
  package final class Conversation {
    private let socket: FileDescriptor
    private var buffer: [UInt8] = []

    fileprivate init(socket: FileDescriptor) { self.socket = socket }

    /// Sends one request line, without its newline, and returns the one reply.
    package func request(_ line: String) throws(ClientError) -> JSON {
      var reply: JSON?
      try stream(line) { json in
        reply = json
        return false
      }
      guard let reply else { throw .closed }
      return reply
    }

    fileprivate func stream(_ line: String, onLine: (JSON) -> Bool) throws(ClientError) {
      // A daemon that refuses a line for its length may close before all of it is written, so a
      // failed write still looks for the answer.
      try? socket.writeAll(Array("\(line)\n".utf8))
      while true {
        while let end = buffer.firstIndex(of: UInt8(ascii: "\n")) {
          guard let json = try? JSON.parse(Array(buffer[..<end])) else { throw .malformedReply }
          buffer.removeFirst(end + 1)
          if !onLine(json) { return }
        }
        guard buffer.count <= ControlClient.replyLimit else { throw .malformedReply }
        let bytes: [UInt8]
        do throws(SystemError) {
          bytes = try socket.read(upTo: 64 << 10)
        } catch {
          throw error.isTimeout ? .timedOut : .closed
        }
        guard !bytes.isEmpty else {
          if buffer.isEmpty { return }
          throw .closed
        }
        buffer += bytes
      }
    }
  }
}

package enum ClientError: Error, Sendable, Equatable {
  /// Nobody listens there, or it may not be opened.
  case unreachable(SystemError)
  /// The daemon closed before it answered.
  case closed
  case malformedReply
  case timedOut
}
