import Foundation
import Protection
import Synchronization
import TestSupport
import Testing

/// Attacks on a real service on booted machines; see Tests/attacks/attacks.table.
///
/// Nothing may succeed that the table does not have as possible, and `holdfast doctor` neither. One
/// after the other: what is measured is not to be blurred by another machine.
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

  /// A few, others in every run.
  private func sample(_ table: AttackTable) async throws {
    var seed = Seed()
    print("Attacks of the seed \(seed.value); the same again: ATTACK_SEED=\(seed.value)")
    let attacks = table.attacks.filter { $0.expected != .verdict(.possible) && !$0.needsReboot }
      .shuffled(using: &seed).prefix(16)
    let pairs = table.pairs(4, &seed)
    let harmless = table.harmless.shuffled(using: &seed).prefix(4)
    let battlefield = Battlefield(suite: "bookworm")
    try await battlefield.run(Array(attacks) + pairs + harmless) { judge($0) }
  }

  private func those(_ names: Set<String>, _ table: AttackTable) async throws {
    let suites = Self.variable("SUITES") ?? "bookworm"
    for suite in suites.split(separator: ",").map(String.init) {
      for attacks in table.campaign {
        let chosen = attacks.filter {
          names.contains($0.id) || names.contains($0.kind?.id ?? "harmless")
        }
        try await Battlefield(suite: suite).run(chosen) { judge($0) }
      }
    }
  }

  private func everything(_ table: AttackTable) async throws {
    var seed = Seed()
    let pairs = table.pairs(40, &seed)
    var report = AttackReport(seed: seed.value)
    for suite in AttackReport.suites {
      print("Attacks on \(suite)")
      let battlefield = Battlefield(suite: suite)
      let known = Mutex<[Outcome]>([])
      for attacks in table.campaign + [pairs] {
        do {
          try await battlefield.run(attacks) { outcome in
            judge(outcome)
            known.withLock { $0.append(outcome) }
          }
        } catch {
          // The other classes are worth knowing all the same.
          Issue.record("\(suite), \(attacks.first?.kind?.id ?? "harmless"): \(error)")
        }
      }
      report.add(known.withLock { $0 }, suite)
      report.add(try await Figures.measured(on: suite), suite)
    }
    try report.text(table).write(
      toFile: Checkout.top + "/docs/attacks.md", atomically: true, encoding: .utf8)
  }

  private func judge(_ outcome: Outcome) {
    print(outcome.sentence)
    let isExpected = outcome.isExpected
    #expect(isExpected, "\(outcome.sentence)")
  }
}

extension AttackTable {
  /// What is tried on one machine each: the classes, and what is harmless.
  var campaign: [[Attack]] { classes.map(attacks(of:)) + [harmless] }
}
