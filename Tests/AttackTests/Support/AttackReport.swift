import Foundation
import Protection

/// docs/attacks.md: what became of every attack, generated.
struct AttackReport {
  static let suites = ["bookworm", "trixie"]
  private static let names = ["bookworm": "Debian 12", "trixie": "Debian 13"]

  private let seed: UInt64
  private var outcomes: [String: [Outcome]] = [:]
  private var figures: [String: Figures] = [:]

  init(seed: UInt64) { self.seed = seed }

  mutating func add(_ outcomes: [Outcome], _ suite: String) { self.outcomes[suite] = outcomes }
  mutating func add(_ figures: Figures, _ suite: String) { self.figures[suite] = figures }

  func text(_ table: AttackTable) -> String {
    var lines = [
      "# Attacks, and what became of them", "",
      "Made by `make attacks`, not by hand. Each attack was tried as root on a throw-away machine"
        + " (systemd-nspawn, ext4, \(processors) processors, Linux \(kernel)) with"
        + " `example-agent` protected, in user space only. The commands are in"
        + " [attacks.table](../Tests/attacks/attacks.table), the rules in"
        + " [CONTRIBUTING.md](../CONTRIBUTING.md).", "",
      "*Refused*: the service never stopped, and its unit, files and package are as before."
        + " *Healed*: all that was so again after the time given, the outage being measured by the"
        + " service's own pulse, with the other Debian busy on the same processors. *Possible*: it"
        + " worked. Attacks of one class were tried one after the other; the machine was then rebooted"
        + " and ended protected, or it would say so here.", "",
      summary, "",
    ]
    lines += figureLines + classLines(table) + harmlessLines(table) + pairLines
    return lines.joined(separator: "\n") + "\n"
  }

  private var kernel: String {
    var name = utsname()
    uname(&name)
    return withUnsafeBytes(of: name.release) {
      String(decoding: $0.prefix { $0 != 0 && $0 != UInt8(ascii: "-") }, as: UTF8.self)
    }
  }

  private var processors: Int { ProcessInfo.processInfo.activeProcessorCount }

  private var summary: String {
    Self.suites.map { suite in
      let all = (outcomes[suite] ?? []).filter { $0.attack.kind != nil && !$0.isAbsent }
      let count = { (verdict: AttackVerdict) in all.filter { $0.verdict == verdict }.count }
      return "\(Self.names[suite] ?? suite): \(all.count) attacks, \(count(.refused)) refused, "
        + "\(count(.healed)) healed, \(count(.possible)) possible."
    }.joined(separator: "\n")
  }

  // MARK: Figures

  private var figureLines: [String] {
    var lines = [
      "## How fast", "",
      "Medians of 15 rounds, in milliseconds; in brackets the longest. Beside them the same service"
        + " without Holdfast, with `Restart=always` and `RestartSec=0`: what systemd itself takes.",
      "",
      "| attack | limit | " + columns { "\($0) | without" } + " |",
      "|---|---|" + columns { _ in "---|---" } + "|",
    ]
    for (id, limit) in Figures.kinds {
      let cells = columns { suite in
        guard let row = figures[suite]?.rows.first(where: { $0.attack.id == id }) else {
          return "– | –"
        }
        return spread(row.with) + " | " + (row.without.map(spread) ?? "never")
      }
      lines.append("| \(id) | \(limit.map { "\(Int($0))" } ?? "2 × without") | \(cells) |")
    }
    lines.append("")
    for suite in Self.suites {
      for outcome in outcomes[suite] ?? [] where outcome.attack.kind == .signalLoop {
        let alive = 100 - 100 * outcome.down / max(1, outcome.took)
        lines.append(
          "- \(Self.names[suite] ?? suite), \(outcome.attack.id): alive \(alive) % of the time,"
            + " \(outcome.starts) starts.")
      }
    }
    return lines + [""]
  }

  private func spread(_ values: [Double]) -> String {
    "\(Int(Figures.median(values).rounded())) (\(Int((values.max() ?? 0).rounded())))"
  }

  private func columns(_ body: (String) -> String) -> String {
    Self.suites.map { suite in body(suite) }.joined(separator: " | ")
  }

  // MARK: Verdicts

  private func classLines(_ table: AttackTable) -> [String] {
    var lines: [String] = []
    for kind in table.classes {
      lines += [
        "## \(kind.id)", "", "\(kind.title.prefix(1).uppercased())\(kind.title.dropFirst()).", "",
        "| attack | " + columns { Self.names[$0] ?? $0 } + " |",
        "|---|" + columns { _ in "---" } + "|",
      ]
      for attack in table.attacks(of: kind) {
        lines.append("| \(attack.id) | " + columns { cell(attack, $0) } + " |")
      }
      lines.append("")
    }
    return lines
  }

  private func harmlessLines(_ table: AttackTable) -> [String] {
    ["## What is no attack", "", "| what | " + columns { Self.names[$0] ?? $0 } + " |"]
      + ["|---|" + columns { _ in "---" } + "|"]
      + table.harmless.map { attack in "| \(attack.id) | " + columns { cell(attack, $0) } + " |" }
      + [""]
  }

  private var pairLines: [String] {
    var lines = [
      "## Two at once", "",
      "Pairs drawn at random (ATTACK_SEED=\(seed)), both commands at the same time.",
      "", "| pair | " + columns { Self.names[$0] ?? $0 } + " |",
      "|---|" + columns { _ in "---" } + "|",
    ]
    var seen: Set<String> = []
    for outcome in Self.suites.flatMap({ outcomes[$0] ?? [] })
    where outcome.attack.isPair && seen.insert(outcome.attack.id).inserted {
      lines.append("| \(outcome.attack.id) | " + columns { cell(outcome.attack, $0) } + " |")
    }
    return lines
  }

  private func cell(_ attack: Attack, _ suite: String) -> String {
    // What was wrong after the reboot comes as a second outcome of the last attack.
    let found = (outcomes[suite] ?? []).filter { $0.attack.id == attack.id }
    guard let outcome = found.max(by: { $0.verdict < $1.verdict }) else { return "not tried" }
    if outcome.isAbsent { return "nothing there" }
    if attack.kind == nil { return outcome.isExpected ? "works" : "**does not work**" }
    switch outcome.verdict {
    case .refused: return "refused"
    case .healed where attack.needsReboot: return "healed"
    case .healed: return "healed, \(max(1, outcome.healedAfter / 1000)) ms"
    case .possible: return outcome.isExpected ? "possible" : "**possible**"
    }
  }
}
