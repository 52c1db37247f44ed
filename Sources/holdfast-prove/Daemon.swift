import ControlSocket
import JSON
import Linux

/// The daemon as the prover needs it.
enum Daemon {
  /// Waits until the daemon guards no canary any more, 10 s at most; where nobody answers, nobody
  /// guards it.
  ///
  /// - Returns: whether that came to be.
  @discardableResult
  static func awaitRelease(socket: String) -> Bool {
    for _ in 0..<200 {
      guard let status = try? ControlClient(path: socket, timeoutSeconds: 5).request("status"),
        status["services"]?[Canary.unit] != nil
      else { return true }
      Clock.sleep(microseconds: 50_000)
    }
    return false
  }

  /// Why the canary cannot be attacked any more; nil where it can.
  static func obstacle(_ session: ControlClient.Conversation) -> Failure? {
    let status: JSON
    do {
      status = try session.request("status")
    } catch {
      return Failure(error)
    }
    if status["services"]?[Canary.unit]?["state"]?.string == "released" {
      return Failure(status: 1, text: "This host was unprotected meanwhile.", hint: nil)
    }
    return nil
  }

  /// What `doctor` says of each class, for the canary.
  static func verdicts(_ session: ControlClient.Conversation) throws(Failure) -> [String: String] {
    let reply = try ask(session, "doctor \(Canary.unit)")
    var verdicts: [String: String] = [:]
    for entry in reply["classes"]?.array ?? [] {
      if let id = entry["id"]?.string { verdicts[id] = entry["verdict"]?.string }
    }
    return verdicts
  }

  static func ask(_ session: ControlClient.Conversation, _ request: String) throws(Failure) -> JSON
  {
    let reply: JSON
    do {
      reply = try session.request(request)
    } catch {
      throw Failure(error)
    }
    guard reply["ok"]?.bool == true else { throw Failure(reply["error"] ?? .null) }
    return reply
  }
}

/// Why it ended before its time.
struct Failure: Error {
  var status: Int32
  var text: String
  var hint: String?
  var code: String?

  init(status: Int32, text: String, hint: String?) {
    (self.status, self.text, self.hint) = (status, text, hint)
  }

  init(_ error: ClientError) {
    switch error {
    case .unreachable(let system):
      self.init(
        status: system.errno == ErrorNumber.accessDenied ? 4 : 3,
        text: "holdfastd cannot be reached: \(system)",
        hint: "See how it is: systemctl status holdfastd.socket holdfastd.service")
    default:
      self.init(
        status: 3, text: "holdfastd went away, and with it the canary's protection.",
        hint: "How things stand: holdfast status")
    }
  }

  /// A refusal of the daemon.
  init(_ error: JSON) {
    let code = error["code"]?.string
    self.init(
      status: code == "not_enrolled" ? 5 : code == "denied" ? 4 : 1,
      text: Output.printable(error["message"]?.string ?? "The daemon's reply makes no sense."),
      hint: error["hint"]?.string.map(Output.printable))
    self.code = code
  }

  var json: JSON {
    var members: [JSON.Member] = [
      .init(name: "code", value: .string(code ?? "internal")),
      .init(name: "message", value: .string(text)),
    ]
    if let hint { members.append(.init(name: "hint", value: .string(hint))) }
    return .object(members)
  }
}
