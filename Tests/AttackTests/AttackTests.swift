import Foundation
import Protection
import Synchronization
import TestSupport
import Testing

/// Attacks on a real service on booted machines; see Tests/attacks/attacks.table.
///
/// Nothing may succeed that the table does not have as possible, and `holdfast doctor` neither.
@Suite(.serialized, .bootsMachines)
struct AttackTests {
  /// In the environment: `all` tries everything on every Debian and writes docs/attacks.md;
  /// names of attacks and classes, with commas in between, try these on those of SUITES.
  private static func variable(_ name: String) -> String? {
    ProcessInfo.processInfo.environment[name]
  }

  @Test("no attack succeeds that is not known to be possible, and what is harmless works")
  func attacks() async throws {
    let table = try AttackTable.shared.get()
    switch Self.variable("ATTACKS") {
    case nil: try await sample(table)
    case "all": try await everything(table)
    case .some(let names): try await those(Set(names.split(separator: ",").map(String.init)), table)
    }
  }

  /// A few, others in every run, for a minute.
  private func sample(_ table: AttackTable) async throws {
    var seed = Seed()
    print("Attacks of the seed \(seed.value); the same again: ATTACK_SEED=\(seed.value)")
    let attacks = table.attacks.filter { $0.expected != .verdict(.possible) && !$0.needsReboot }
      .shuffled(using: &seed).prefix(16)
    let pairs = table.pairs(4, &seed)
    let harmless = table.harmless.shuffled(using: &seed).prefix(4)
    let chosen = (attacks + pairs + harmless).shuffled(using: &seed)
    try await Battlefield(suite: "bookworm").run(chosen, within: 60) { judge($0) }
  }

  /// Names of attacks, of two at once with a plus sign, and of classes.
  private func those(_ names: Set<String>, _ table: AttackTable) async throws {
    let suites = Self.variable("SUITES") ?? "bookworm"
    let pairs = names.compactMap { table.pair($0) }
    for suite in suites.split(separator: ",").map(String.init) {
      for attacks in table.campaign + [pairs] {
        let chosen = attacks.filter {
          names.contains($0.id) || names.contains($0.kind?.id ?? "harmless")
        }
        try await Battlefield(suite: suite).run(chosen) { judge($0) }
      }
    }
  }

  private func everything(_ table: AttackTable) async throws {
    var seed = Seed()
    let campaign = table.campaign + [table.pairs(40, &seed)]
    var report = AttackReport(seed: seed.value)
    // Both Debians at once, as far as there are slots; what is timed has the host for itself after.
    let outcomes = await withTaskGroup(of: (String, [Outcome]).self) { group in
      for suite in AttackReport.suites {
        group.addTask { (suite, await tried(campaign, on: suite)) }
      }
      return await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
    }
    for (suite, outcomes) in outcomes { report.add(outcomes, suite) }
    // Worth keeping also where what follows is cut short.
    try write(report.text(table))
    for suite in AttackReport.suites {
      do {
        report.add(try await Figures.measured(on: suite), suite)
      } catch {
        Issue.record("figures of \(suite): \(error)")
      }
    }
    try write(report.text(table))
  }

  private func write(_ text: String) throws {
    try text.write(toFile: Checkout.top + "/docs/attacks.md", atomically: true, encoding: .utf8)
  }

  private func tried(_ campaign: [[Attack]], on suite: String) async -> [Outcome] {
    let known = Mutex<[Outcome]>([])
    for attacks in campaign {
      do {
        try await Battlefield(suite: suite).run(attacks) { outcome in
          print("\(suite): ", terminator: "")
          judge(outcome)
          known.withLock { $0.append(outcome) }
        }
      } catch {
        // The other classes are worth knowing all the same.
        Issue.record("\(suite), \(attacks.first?.kind?.id ?? "harmless"): \(error)")
      }
    }
    return known.withLock { $0 }
  }

  @Sendable private func judge(_ outcome: Outcome) {
    print(outcome.sentence)
    let isExpected = outcome.isExpected
    #expect(isExpected, "\(outcome.sentence)")
  }
}

extension AttackTable {
  /// What is tried on one machine each: the classes, and what is harmless.
  var campaign: [[Attack]] { classes.map(attacks(of:)) + [harmless] }
}
