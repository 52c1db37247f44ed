/// `holdfast doctor` in words: a line for each class of attacks, what is wrong here, the sum.
struct DoctorReport {
  let reply: Reply
  let view: View

  private var paint: Paint { view.paint }

  var lines: [String] {
    let classes = reply.list("classes")
    let width = classes.compactMap { $0.text("title")?.count }.max() ?? 0
    return classes.map { line($0, width: width) } + [kernel].compactMap(\.self) + damage
      + [sum(classes.count)]
  }

  private func line(_ entry: Reply, width: Int) -> String {
    let verdict = entry.text("verdict") ?? "unknown"
    let title = Text.padded(entry.text("title") ?? entry.text("id") ?? "?", to: width)
    let reason =
      (entry.text("reason") ?? "") + (entry.text("improve").map { " (better: \($0))" } ?? "")
    let word = Text.padded("", to: max(0, 8 - verdict.count))
    return "  \(title)  \(painted(verdict))\(word)  \(reason)"
  }

  /// The improvement that most lines name is none that anybody could make here.
  private var kernel: String? {
    let isNamed = reply.list("classes").contains {
      $0.text("improve")?.contains("kernel shield") == true
    }
    return isNamed ? "The kernel shield is not in this version." : nil
  }

  private func painted(_ verdict: String) -> String {
    switch verdict {
    case "refused": paint.good(verdict)
    case "healed": verdict
    default: paint.warning(verdict)
    }
  }

  /// What keeps this host from being as good as it could be.
  private var damage: [String] {
    guard !reply.flag("whole") else { return [] }
    let problems = reply.texts("problems")
    let state = reply.text("state") ?? "unknown"
    return [paint.bad("Not all is as it should be: this host is \(state).")]
      + problems.map { "  \($0)" } + ["How it stands: holdfast status"]
  }

  private func sum(_ count: Int) -> String {
    let parts = ["refused", "healed", "possible"].map { "\(reply.number($0) ?? 0) \($0)" }
    return "\(Text.count(count, "class", "classes")): \(parts.joined(separator: ", "))."
      + "   holdfast doctor --prove  tries them on a canary"
  }
}
