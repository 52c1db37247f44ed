import JSON
import Linux
import Protection

/// What an attack came to.
struct Trial {
  enum Verdict: String {
    case refused, healed, succeeded
    /// What it needs is not on this host.
    case skipped
  }

  let attack: Attack
  var verdict: Verdict
  /// From its start until the canary was whole again: microseconds.
  var healedAfter: UInt64 = 0
  /// The canary's longest pause: microseconds, 0 for none.
  var down: UInt64 = 0
  /// What was wrong in the end, where it succeeded; what is missing, where it was skipped.
  var why: String?
  /// What `doctor` says of its class.
  var expected: String?

  /// Whether it went worse than `doctor` says: an attack that succeeds has to be listed.
  var isUnexpected: Bool { verdict == .succeeded && expected != "possible" }

  /// Whether it went otherwise than `doctor` says, for better or for worse.
  var differs: Bool {
    switch verdict {
    case .skipped: false
    case .succeeded: expected != "possible"
    case .healed: expected == "refused"
    case .refused: false
    }
  }

  var json: JSON {
    var members: [JSON.Member] = [
      .init(name: "class", value: .string(attack.attackClass.id)),
      .init(name: "attack", value: .string(attack.title)),
      .init(name: "verdict", value: .string(verdict.rawValue)),
      .init(name: "expected", value: expected.map { .string($0) } ?? .null),
    ]
    if verdict == .healed {
      members.append(.init(name: "healed_us", value: .integer(Int64(healedAfter))))
    }
    if verdict != .skipped {
      members.append(.init(name: "down_us", value: .integer(Int64(down))))
    }
    if let why { members.append(.init(name: "why", value: .string(why))) }
    return .object(members)
  }

  /// The outcome in words.
  var text: String {
    switch verdict {
    case .refused: "refused"
    case .healed:
      "healed in \(Output.duration(healedAfter))"
        + (down > 0 ? ", down for \(Output.duration(down))" : "")
    case .succeeded:
      isUnexpected
        ? "SUCCEEDED: \(why ?? ""); doctor says \(expected ?? "nothing")"
        : "succeeded, as doctor says: \(why ?? "")"
    case .skipped: "not tried: \(why ?? "")"
    }
  }
}
