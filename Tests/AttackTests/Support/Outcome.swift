import JSON
import Protection

/// What an attack did, as measured on the machine.
struct Outcome: Sendable {
  let attack: Attack
  let verdict: AttackVerdict
  /// Cannot be tried on this machine: what it would use is not there.
  var isAbsent = false
  /// The longest time without a sign of life of the service, less the usual: microseconds.
  var gap = 0
  /// All such times together, and how long the attack's command took.
  var down = 0
  var took = 0
  /// How long a protected file was not as it should be, and how long the daemon did not run.
  var files = 0
  var daemon = 0
  /// After the command, until everything was found whole, where that took another look.
  var late = 0
  /// New processes of the service.
  var starts = 0
  /// The exit status of the command.
  var status = ""
  /// What is still wrong, where it worked; what it left that could not be cleaned up.
  var wrong = ""
  var left = ""
  var said = ""

  /// How long until all was whole again, in microseconds.
  var healedAfter: Int { max(gap, files, daemon, late) }

  init(attack: Attack, verdict: AttackVerdict) {
    self.attack = attack
    self.verdict = verdict
  }

  /// Reads a line of `try-attacks run`.
  init(attack: Attack, reply: JSON) {
    let number = { (name: String) in reply[name]?.integer.map(Int.init) ?? 0 }
    let text = { (name: String) in reply[name]?.string ?? "" }
    let wrong = text("wrong")
    let isSame = number("same") == 1
    self.init(
      attack: attack, verdict: wrong.isEmpty ? (isSame ? .refused : .healed) : .possible)
    gap = number("gap")
    down = number("down")
    took = number("took")
    files = number("files")
    daemon = number("daemon")
    late = number("late")
    starts = number("starts")
    status = reply["status"]?.integer.map { "\($0)" } ?? text("status")
    self.wrong = wrong
    left = text("left")
    said = text("said")
    isAbsent = status == "77"
  }

  /// What `holdfast doctor` says of the class on that machine; nil for what is none.
  var diagnosis: AttackVerdict?

  /// Is it at least as good as the table has it, and does doctor know of what worked?
  var isExpected: Bool {
    if isAbsent { return true }
    if verdict == .possible, diagnosis != .possible { return false }
    switch attack.expected {
    case .verdict(let expected): return verdict <= expected
    case .works: return status == "0" && verdict == .refused
    }
  }

  /// The same with what doctor says of it. Of a pair nothing may work, whatever it says of one.
  func beside(_ diagnosis: [AttackClass: AttackVerdict]) -> Outcome {
    var outcome = self
    if !attack.isPair { outcome.diagnosis = attack.kind.flatMap { diagnosis[$0] } }
    return outcome
  }

  /// What happened, in a line.
  var sentence: String {
    let name = "\(attack.id) (\(attack.kind?.id ?? "harmless"))"
    if isAbsent { return "\(name): not possible on this machine" }
    let times = "gap \(gap / 1000) ms, files \(files / 1000) ms, daemon \(daemon / 1000) ms"
    var text = "\(name): \(verdict.rawValue), status \(status), \(times), later \(late / 1000) ms"
    if !wrong.isEmpty { text += "; wrong: \(wrong)" }
    if !left.isEmpty { text += "; left: \(left)" }
    if verdict == .possible, let diagnosis { text += "; doctor: \(diagnosis.rawValue)" }
    if !isExpected, !said.isEmpty { text += "; it said: \(said)" }
    return text
  }
}
