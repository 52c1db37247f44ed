import JSON
import Linux
import Protection

/// What is printed while it goes on and in the end: words, or with `--json` one object a line.
final class Report {
  private let isJSON: Bool
  private let start = Clock.monotonicMicroseconds()
  private var trials: [Trial] = []
  private var group: AttackClass.Group?
  private var isMidLine = false

  init(isJSON: Bool) { self.isJSON = isJSON }

  func begin() {
    say("\(Attack.all.count) attacks on \(Canary.unit), for real. Nothing else is touched.")
  }

  /// Before it begins: whoever watches sees what is being tried.
  func announce(_ attack: Attack) {
    if attack.attackClass.group != group {
      group = attack.attackClass.group
      say("\n\(attack.attackClass.group.rawValue)")
    }
    let width = 40
    let padding = String(repeating: " ", count: max(1, width - attack.title.count))
    guard !isJSON else { return }
    Output.write("  " + attack.title + padding, to: .standardOutput, newline: false)
    isMidLine = true
  }

  func add(_ trial: Trial) {
    trials.append(trial)
    if isJSON { return Output.write(trial.json.encoded(), to: .standardOutput) }
    isMidLine = false
    var text = trial.text
    switch trial.verdict {
    case .refused: text = Output.painted(text, "32")
    case .healed: break
    case .succeeded: text = Output.painted(text, trial.isUnexpected ? "31" : "33")
    case .skipped: break
    }
    say(text)
  }

  func fail(_ failure: Failure) {
    if isJSON {
      Output.write(
        JSON.object([
          .init(name: "ok", value: false),
          .init(name: "error", value: failure.json),
        ]).encoded(), to: .standardOutput)
      return
    }
    endLine()
    Output.write(failure.text, to: .standardError)
    if let hint = failure.hint { Output.write(hint, to: .standardError) }
  }

  func interrupted() {
    guard !isJSON else { return }
    endLine()
    Output.write("Interrupted; the canary is gone again.", to: .standardError)
  }

  /// The sum.
  ///
  /// - Returns: the exit status: 1 where something succeeded that `doctor` does not list.
  func finish() -> Int32 {
    let unexpected = trials.filter(\.isUnexpected)
    isJSON ? sayJSON(unexpected) : sayWords(unexpected)
    return unexpected.isEmpty ? 0 : 1
  }

  private func count(_ verdict: Trial.Verdict) -> Int {
    trials.filter { $0.verdict == verdict }.count
  }

  private func sayWords(_ unexpected: [Trial]) {
    let took = Output.duration(Clock.monotonicMicroseconds() - start)
    let tried = trials.count - count(.skipped)
    say(
      "\n\(tried) attacks in \(took): \(count(.refused)) refused, \(count(.healed)) healed, "
        + "\(count(.succeeded)) succeeded."
        + (count(.skipped) > 0 ? " \(count(.skipped)) not tried." : ""))
    let healed = trials.filter { $0.verdict == .healed }
    if let slowest = healed.max(by: { $0.healedAfter < $1.healedAfter }),
      let longest = healed.max(by: { $0.down < $1.down })
    {
      say(
        "Slowest to heal: \(slowest.attack.title), \(Output.duration(slowest.healedAfter)). "
          + "Longest outage: \(longest.attack.title), \(Output.duration(longest.down)).")
    }
    let tested = Set(trials.map(\.attack.attackClass))
    let missing = AttackClass.allCases.filter { !tested.contains($0) }
    say(
      "\(missing.count) classes can only be judged, since trying them would touch more than the "
        + "canary: holdfast doctor")
    let other = trials.filter(\.differs)
    guard !other.isEmpty else { return say("All as doctor says.") }
    for trial in other {
      let line =
        "\(trial.attack.title): \(trial.verdict.rawValue); doctor says "
        + "\(trial.expected ?? "nothing") of \(trial.attack.attackClass.title)"
      say(trial.isUnexpected ? Output.painted(line, "31") : line)
    }
    if !unexpected.isEmpty { say("That is a defect of Holdfast: please report it.") }
  }

  private func sayJSON(_ unexpected: [Trial]) {
    let sum: JSON = .object([
      .init(name: "ok", value: .bool(unexpected.isEmpty)),
      .init(name: "attacks", value: .integer(Int64(trials.count - count(.skipped)))),
      .init(name: "refused", value: .integer(Int64(count(.refused)))),
      .init(name: "healed", value: .integer(Int64(count(.healed)))),
      .init(name: "succeeded", value: .integer(Int64(count(.succeeded)))),
      .init(name: "skipped", value: .integer(Int64(count(.skipped)))),
      .init(name: "unexpected", value: .array(unexpected.map { .string($0.attack.title) })),
      .init(
        name: "took_us", value: .integer(Int64(Clock.monotonicMicroseconds() - start))),
    ])
    Output.write(sum.encoded(), to: .standardOutput)
  }

  private func say(_ line: String) {
    guard !isJSON else { return }
    Output.write(line, to: .standardOutput)
  }

  private func endLine() {
    if isMidLine { Output.write("", to: .standardOutput) }
    isMidLine = false
  }
}
