/// What the exit status says. Scripts compare it; it is part of the contract.
enum ExitStatus: Int32 {
  /// Done, also when it was so already.
  case done = 0
  case refused = 1
  case usage = 2
  /// The daemon cannot be reached, or did not answer.
  case unreachable = 3
  case notPermitted = 4
  case notEnrolled = 5
}

/// Why a command did not do what it was asked: what happened and why, then what to do.
struct Failure: Error {
  let status: ExitStatus
  /// Nil where everything has been said already.
  let text: String?
  let hint: String?

  init(_ status: ExitStatus, _ text: String?, hint: String? = nil) {
    self.status = status
    self.text = text
    self.hint = hint
  }

  /// The same failure, for where the reader has it already (`--json`).
  var silenced: Failure { Failure(status, nil) }

  /// The failure as lines for a person.
  func lines(paint: Paint) -> [String] {
    guard let text else { return [] }
    // The hint stays as it is: it often ends with a command, which is copied from here.
    return [paint.bad(Text.sentence(text))] + (hint.map { [$0] } ?? [])
  }

  /// A mistake in what was typed, or in a file that was named.
  static func usage(_ text: String, hint: String? = nil) -> Failure {
    Failure(.usage, text, hint: hint)
  }
}
