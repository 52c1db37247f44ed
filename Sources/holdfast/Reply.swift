import JSON

/// A reply of the daemon, or a part of one, as everything that prints sees it.
///
/// What comes over the socket is other people's text (unit descriptions, operators' names, paths),
/// so every string that leaves this type has lost its control characters. Members that are missing
/// or of another type are nil: an older or newer daemon is no reason to show nothing.
struct Reply {
  private let json: JSON

  init(_ json: JSON) {
    self.json = json
  }

  subscript(name: String) -> Reply? {
    guard let value = json[name], value != .null else { return nil }
    return Reply(value)
  }

  /// This value where it is a string, safe to print.
  var text: String? { json.string.map(Text.printable) }
  var number: Int64? { json.integer }

  func text(_ name: String) -> String? { self[name]?.text }
  /// A string's lines, each safe to print.
  func lines(_ name: String) -> [String] {
    (json[name]?.string ?? "").split(whereSeparator: \.isNewline).map { Text.printable(String($0)) }
  }
  /// A string for a file, where every byte counts; never to be printed.
  func asItCame(_ name: String) -> String? { json[name]?.string }
  func number(_ name: String) -> Int64? { self[name]?.number }
  /// False also where the member is not there.
  func flag(_ name: String) -> Bool { json[name]?.bool ?? false }

  /// A list's elements; none where there is no list of that name.
  func list(_ name: String) -> [Reply] { (json[name]?.array ?? []).map(Reply.init) }
  /// The strings of a list.
  func texts(_ name: String) -> [String] { list(name).compactMap(\.text) }

  /// An object's members in their order, without those that are null; names safe to print.
  var members: [(name: String, value: Reply)] {
    (json.members ?? []).filter { $0.value != .null }
      .map { (Text.printable($0.name), Reply($0.value)) }
  }
  func members(_ name: String) -> [(name: String, value: Reply)] { self[name]?.members ?? [] }

  /// The whole value on one line, as JSON. `JSON` escapes control characters itself.
  var encoded: String { json.encoded() }

  /// The value in a few words, whatever it is: for members nobody has taught us.
  var brief: String {
    if let text { return text }
    if let number { return String(number) }
    if let words = json.array, !words.isEmpty, words.allSatisfy({ $0.string != nil }) {
      return words.map { Reply($0).brief }.joined(separator: " ")
    }
    return Text.printable(json.encoded())
  }
}

extension Reply {
  /// The refusal this reply carries, as the failure it ends the command with; nil for a success.
  var refusal: Failure? {
    guard let error = self["error"] else {
      return flag("ok") ? nil : Failure(.unreachable, "The daemon's reply makes no sense: \(brief)")
    }
    let code = error.text("code") ?? "internal"
    // Several lines stay several, the further ones indented so that they cannot pass for ours.
    let message = error.lines("message").joined(separator: "\n  ")
    return Failure(
      Self.status(of: code),
      "\(Self.opening(of: code)): \(Text.continued(message.isEmpty ? code : message))",
      hint: Self.hint(for: code, from: error.text("hint")))
  }

  /// Codes are compared, sentences are not.
  private static func status(of code: String) -> ExitStatus {
    switch code {
    case "denied": .notPermitted
    case "not_enrolled": .notEnrolled
    default: .refused
    }
  }

  private static func opening(of code: String) -> String {
    switch code {
    case "denied": "Not permitted"
    case "not_enrolled": "Not enrolled"
    default: "Refused"
    }
  }

  /// What to do: the daemon's words, with the command for it where they name none.
  private static func hint(for code: String, from daemon: String?) -> String? {
    switch code {
    case "unknown_verb":
      return "The daemon is another version than this command: holdfast version"
    case "not_enrolled":
      return with("holdfast enroll --bundle FILE --root FILE --tenant TENANT", daemon)
    case "protected":
      return with("holdfast unprotect -", daemon)
    case "unknown_key", "bad_signature", "bundle_older":
      return with("holdfast bundle import FILE", daemon)
    case "wrong_cluster", "wrong_tenant", "wrong_agent":
      return with("holdfast status", daemon)
    case "trust_missing":
      return daemon ?? "The way out is the rescue boot: man holdfast-unprotect"
    case "internal":
      return daemon ?? "More may be in: journalctl -u holdfastd"
    default:
      return daemon
    }
  }

  private static func with(_ command: String, _ daemon: String?) -> String {
    guard let daemon else { return "Try: \(command)" }
    return daemon.contains("holdfast ") ? daemon : "\(Text.sentence(daemon))\n  \(command)"
  }
}
