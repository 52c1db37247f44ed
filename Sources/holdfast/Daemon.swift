import ControlSocket
import JSON
import Linux

/// The daemon as the command sees it: a request in, a reply out, and a sentence for a person where
/// there is none.
struct Daemon {
  static let standardPath = "/run/holdfast/control.sock"

  let path: String

  /// Asks once. A refusal is a reply like any other.
  func ask(_ request: Request) throws(Failure) -> Reply {
    do {
      return Reply(try ControlClient(path: path).request(request.line))
    } catch {
      throw failure(error)
    }
  }

  /// Opens one connection for several requests, one after the other.
  ///
  /// - Parameter body: gets a function that asks like `ask`.
  func converse(
    _ body: ((Request) throws(Failure) -> Reply) throws(Failure) -> Void
  ) throws(Failure) {
    let conversation: ControlClient.Conversation
    do throws(ClientError) {
      conversation = try ControlClient(path: path).connect()
    } catch {
      throw failure(error)
    }
    try body { (request) throws(Failure) in
      do throws(ClientError) {
        return Reply(try conversation.request(request.line))
      } catch {
        throw failure(error)
      }
    }
  }

  /// Asks and hands on line after line, until `onLine` returns false or the daemon closes.
  ///
  /// - Parameter waitsForever: whether the daemon may be silent for as long as it likes.
  func follow(
    _ request: Request, waitsForever: Bool = false, onLine: (Reply) -> Bool
  ) throws(Failure) {
    let client =
      waitsForever ? ControlClient(path: path, timeoutSeconds: nil) : ControlClient(path: path)
    do {
      try client.stream(request.line) { onLine(Reply($0)) }
    } catch {
      throw failure(error)
    }
  }

  private func failure(_ error: ClientError) -> Failure {
    switch error {
    case .unreachable(let system):
      unreachable(system)
    case .closed:
      Failure(
        .unreachable, "holdfastd closed the connection before it answered",
        hint: "It may just have restarted. How things stand now: holdfast status")
    case .malformedReply:
      Failure(
        .unreachable, "What answers on \(path) does not speak as holdfastd does",
        hint: "Which program listens there: ss -lxp")
    case .timedOut:
      Failure(
        .unreachable, "holdfastd did not answer in time",
        hint: "How things stand: holdfast status. More may be in: journalctl -u holdfastd")
    }
  }

  private func unreachable(_ system: SystemError) -> Failure {
    if [ErrorNumber.accessDenied, ErrorNumber.notPermitted].contains(system.errno) {
      return Failure(
        .notPermitted, "Not permitted: you may not connect to \(path)", hint: "Run it as root.")
    }
    let opening = "holdfastd cannot be reached: "
    if Self.isRescueBoot {
      return Failure(
        .unreachable, opening + "this host was booted with holdfast=off, so nothing is protected",
        hint: "Boot without it to be protected again.")
    }
    switch system.errno {
    case ErrorNumber.noSuchFile, ErrorNumber.notADirectory:
      return Failure(
        .unreachable, opening + "there is no \(path)",
        hint: "Start it: systemctl start holdfastd.socket")
    case ErrorNumber.connectionRefused:
      return Failure(
        .unreachable, opening + "nothing listens on \(path)",
        hint: "Start it: systemctl restart holdfastd.socket")
    default:
      return Failure(
        .unreachable, opening + Text.printable(String(describing: system)),
        hint: "See how it is: systemctl status holdfastd.socket holdfastd.service")
    }
  }

  private static var isRescueBoot: Bool {
    Machine.kernelCommandLine().contains("holdfast=off")
  }
}
