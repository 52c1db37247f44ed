internal import Protection

/// A setting that is not what it was, and whether protection gets weaker by it.
package struct SettingChange: Sendable, Equatable {
  /// The protected service that the setting belongs to; nil for the daemon's own.
  package let unit: String?
  /// The section and the name: `[Control] MaxConnections`.
  package let key: String
  /// The value as it stands in a file; nil where there was none.
  package let old: String?
  /// The value as it stands in a file; nil where there is none any more.
  package let new: String?
  /// Whether this loosens protection, and so needs an unprotected host or a signed profile.
  package let loosens: Bool

  package init(unit: String? = nil, key: String, old: String?, new: String?, loosens: Bool) {
    self.unit = unit
    self.key = key
    self.old = old
    self.new = new
    self.loosens = loosens
  }
}

/// What of a new configuration was taken over an old one.
package struct Taking<Outcome: Sendable & Equatable>: Sendable, Equatable {
  /// What holds now.
  package let value: Outcome
  package let taken: [SettingChange]
  /// What would loosen protection, or does not fit; the old value holds.
  package let refused: [SettingChange]
}

extension Settings {
  /// What differs, in the order of the sections.
  package static func change(from old: Settings, to new: Settings) -> [SettingChange] {
    comparisons.compactMap { $0.change(old, new) }
  }

  /// Takes over everything that does not loosen protection.
  package func tightened(by new: Settings) -> Taking<Settings> {
    var result = self
    var taken: [SettingChange] = []
    var refused: [SettingChange] = []
    for comparison in Self.comparisons {
      guard let change = comparison.change(self, new) else { continue }
      if change.loosens {
        refused.append(change)
      } else {
        taken.append(change)
        comparison.copy(new, &result)
      }
    }
    return Taking(value: result, taken: taken, refused: refused)
  }

  /// These, with some by their keys from others.
  func taking(_ keys: Set<String>, from other: Settings) -> Settings {
    var result = self
    for comparison in Self.comparisons where keys.contains(comparison.key) {
      comparison.copy(other, &result)
    }
    return result
  }

  private static let comparisons: [Comparison] = [
    Comparison("[Control] MaxConnections", \.control.maxConnections),
    Comparison("[Control] MaxConnectionsPerUser", \.control.maxConnectionsPerUser),
    Comparison(
      "[Control] FirstLineTimeoutSec", \.control.firstLineTimeout,
      text: { TimeSpan.text(microseconds: $0.control.firstLineTimeout) }),
    Comparison(
      "[Control] FailedTokensPerMinute", \.control.failedTokensPerMinute,
      loosens: { $0.control.failedTokensPerMinute < $1.control.failedTokensPerMinute }),
    Comparison(
      "[Protection] MaxWindowSec", \.maxWindow, text: \.maxWindowText,
      loosens: { $0.maxWindow < $1.maxWindow }),
    Comparison(
      "[Protection] Bearer", \.bearer, text: \.bearer.rawValue,
      loosens: { _, new in new.bearer == .always }),
    Comparison(
      "[Protection] LocalGuards", \.localGuards, text: \.localGuards.rawValue,
      loosens: { $0.localGuards < $1.localGuards }),
    Comparison(
      "[Protection] Mode", \.mode, text: \.mode.rawValue, loosens: { _, new in new.mode == .audit }),
    Comparison(
      "[Ledger] FileSize", \.ledger.fileSize, text: { ValueReader.size($0.ledger.fileSize) }),
    Comparison(
      "[Ledger] MaxUse", \.ledger.maxUse, text: { ValueReader.size($0.ledger.maxUse) },
      loosens: { $0.ledger.maxUse > $1.ledger.maxUse }),
  ]
}

/// How one setting is compared and copied.
private struct Comparison: Sendable {
  let key: String
  let change: @Sendable (_ from: Settings, _ to: Settings) -> SettingChange?
  let copy: @Sendable (_ from: Settings, _ to: inout Settings) -> Void

  init<Value: Equatable & Sendable>(
    _ key: String, _ path: any WritableKeyPath<Settings, Value> & Sendable,
    text: (@Sendable (Settings) -> String)? = nil,
    loosens: @escaping @Sendable (Settings, Settings) -> Bool = { _, _ in false }
  ) {
    self.key = key
    let text = text ?? { "\($0[keyPath: path])" }
    change = { old, new in
      guard old[keyPath: path] != new[keyPath: path] else { return nil }
      return SettingChange(key: key, old: text(old), new: text(new), loosens: loosens(old, new))
    }
    copy = { from, to in to[keyPath: path] = from[keyPath: path] }
  }
}
