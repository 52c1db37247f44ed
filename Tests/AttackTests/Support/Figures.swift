import Foundation
import Protection
import TestSupport

/// How long it takes until all is well again, beside a machine without Holdfast whose service has
/// `Restart=always` and `RestartSec=0` by itself.
struct Figures: Sendable {
  struct Row: Sendable {
    let attack: Attack
    /// Milliseconds, of each round.
    let with: [Double]
    /// Nil where nothing came back by itself.
    let without: [Double]?
  }

  /// What is damaged, and how that is to be undone within so many milliseconds; nil for
  /// twice what systemd itself takes.
  static let kinds: [(id: String, limit: Double?)] = [
    ("kill-9", nil), ("freeze", 50), ("conflicts", 50), ("sigstop", 500), ("flag-rm", 50),
    ("flag-only", 50), ("mask", 50), ("daemon-kill", nil),
  ]
  private static let rounds = 15

  var rows: [Row] = []

  static func measured(on suite: String) async throws -> Figures {
    let table = try AttackTable.shared.get()
    let battlefield = Battlefield(suite: suite)
    var figures = Figures()
    for (id, _) in kinds {
      guard let attack = table.attacks.first(where: { $0.id == id }) else { continue }
      let with = try await battlefield.measure(attack, rounds: rounds)
      var without: [Outcome] = []
      if id != "daemon-kill" {
        without = try await battlefield.measureBare(attack, rounds: rounds)
      }
      let isBack = !without.isEmpty && without.allSatisfy { $0.wrong.isEmpty && $0.isBackBare }
      figures.rows.append(
        Row(
          attack: attack, with: with.map { Double($0.healedAfter) / 1000 },
          without: isBack ? without.map { Double($0.gap) / 1000 } : nil))
    }
    return figures
  }

  static func median(_ values: [Double]) -> Double {
    let sorted = values.sorted()
    return sorted.isEmpty ? 0 : sorted[sorted.count / 2]
  }
}

extension Outcome {
  /// Something happened, and was undone: without Holdfast, by systemd.
  fileprivate var isBackBare: Bool { verdict == .healed }
}
