import Foundation
import Protection

/// Randomness that can be had again: SplitMix64, from ATTACK_SEED in the environment where that is
/// set.
struct Seed: RandomNumberGenerator {
  let value: UInt64
  private var state: UInt64

  init(_ value: UInt64) {
    self.value = value
    state = value
  }

  init() {
    let given = ProcessInfo.processInfo.environment["ATTACK_SEED"].flatMap { UInt64($0) }
    self.init(given ?? UInt64.random(in: 0..<1_000_000_000))
  }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}

extension AttackTable {
  /// Those of the name ID+ID; nil where it is no such name.
  func pair(_ name: String) -> Attack? {
    let both = name.split(separator: "+").compactMap { id in attacks.first { $0.id == id } }
    return both.count == 2 ? both[0].beside(both[1]) : nil
  }

  /// Pairs of attacks of different classes, none of which is expected to work.
  func pairs(_ count: Int, _ seed: inout Seed) -> [Attack] {
    let fit = attacks.filter { $0.expected != .verdict(.possible) && !$0.needsReboot }
    var pairs: [Attack] = []
    while pairs.count < count, fit.count > 1 {
      guard let one = fit.randomElement(using: &seed), let other = fit.randomElement(using: &seed),
        one.kind != other.kind
      else { continue }
      pairs.append(one.beside(other))
    }
    return pairs
  }
}
