internal import AgentToken
internal import Issuing
internal import Linux

/// What a challenge gives cause to look at, in words.
struct ChallengeDoubts {
  private let challenge: ChallengeText
  /// This machine's clock, seconds since the epoch.
  private let now: Int64

  init(_ challenge: ChallengeText, now: Int64) {
    (self.challenge, self.now) = (challenge, now)
  }

  func words(_ warnings: [ChallengeWarning]) -> [String] {
    warnings.map(words) + clock
  }

  private func words(_ warning: ChallengeWarning) -> String {
    let host = "\(challenge.identity.agent) of tenant \(challenge.identity.tenant)"
    let advice = """
      It may be a clone, a restored snapshot or a reverted virtual machine, or somebody changed its \
      ledger: find out before you hand this token out. If it was reinstalled: --reinstalled
      """
    switch warning {
    case .wentBack(let size, let earlier, let at):
      return """
        WARNING: the ledger of \(host) went back. It has \(records(size)), and had \
        \(records(earlier)) on \(LocalTime.text(at)).
        \(advice)
        """
    case .otherLedger(let size, let at):
      return """
        WARNING: the ledger of \(host) is not the one that it was. It has \(records(size)) as on \
        \(LocalTime.text(at)), but they are others.
        \(advice)
        """
    case .damaged(let path):
      return """
        WARNING: \(path) cannot be read, so it is not known whether the ledger of \(host) went back.
        What this challenge says is remembered from now on.
        """
    case .notRemembered(let reason):
      return "What this challenge says of the host's ledger is not remembered: \(reason)."
    }
  }

  /// More than what a conversation takes.
  private static let step: Int64 = 300

  private var clock: [String] {
    let off = challenge.wall - now
    guard abs(off) > Self.step else { return [] }
    let direction =
      off > 0
      ? "ahead of the one here"
      : "behind the one here" + (off < -86_400 ? "" : ", or the challenge is that old")
    return [
      "The clock of that host shows \(LocalTime.text(challenge.wall)): \(Self.span(abs(off))) "
        + "\(direction). A token that answers in time is good all the same."
    ]
  }

  private func records(_ count: Int64) -> String { "\(count) record\(count == 1 ? "" : "s")" }

  /// About how long: in one unit.
  private static func span(_ seconds: Int64) -> String {
    switch seconds {
    case ..<7200: "\(seconds / 60) minutes"
    case ..<(2 * 86_400): "\(seconds / 3600) hours"
    case ..<(2 * 365 * 86_400): "\(seconds / 86_400) days"
    default: "\(seconds / (365 * 86_400)) years"
    }
  }
}
