import Protection

/// A line of the table: one attack, or one thing that is none and must go on working.
struct Attack: Sendable, Hashable {
  /// What is to be of it.
  enum Expectation: Sendable, Hashable {
    case verdict(AttackVerdict)
    /// Not an attack: it works, and the service does not notice.
    case works
  }

  let id: String
  /// Nil for what is not an attack.
  let kind: AttackClass?
  let expected: Expectation
  /// How long after the command all has to be whole again.
  let seconds: Int
  /// Takes away what no copy brings back, such as the ledger: the host is protected as before, and
  /// may say that it is degraded until somebody with a token has looked.
  var isTold = false
  /// For `sh`, after Tests/attacks/prelude.sh; as root.
  let command: String

  /// Strikes while the machine boots or goes down: the reboot is part of the attack.
  var needsReboot: Bool { kind == .nextBoot || kind == .wayDown }

  var isPair: Bool { id.contains("+") }

  /// Both at once, ID and ID joined by a plus sign.
  func beside(_ other: Attack) -> Attack {
    Attack(
      id: "\(id)+\(other.id)", kind: kind, expected: .verdict(.healed),
      seconds: max(seconds, other.seconds) + 1, isTold: isTold || other.isTold,
      command: "(\n\(command)\n) &\n(\n\(other.command)\n) &\nwait\n")
  }
}
