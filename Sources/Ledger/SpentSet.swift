/// The tokens that were spent, keyed on issuer and `jti`: never on the token's text.
package struct SpentSet: Sendable, Equatable {
  /// Where and when a token was spent.
  package struct Entry: Sendable, Equatable {
    /// Seconds since the epoch, as the wall clock had it.
    package let at: Int64
    /// The `seq` of the ledger's record.
    package let record: Int64
    /// The token's `exp`, where the record says it.
    package let expires: Int64?
  }

  /// Tokens are kept at least this long, in seconds: 30 days.
  package static let retention: Int64 = 30 * 86_400

  private var entries: [String: [String: Entry]] = [:]

  package init() {}

  package var count: Int { entries.values.reduce(0) { $0 + $1.count } }

  package subscript(issuer: String, jti: String) -> Entry? { entries[issuer]?[jti] }

  /// All of them, in the order of their records.
  var tokens: [SpentToken] {
    var tokens: [SpentToken] = []
    for (issuer, its) in entries {
      for (jti, entry) in its {
        tokens.append(
          SpentToken(
            issuer: issuer, jti: jti, at: entry.at, record: entry.record, expires: entry.expires))
      }
    }
    return tokens.sorted { ($0.record, $0.issuer, $0.jti) < ($1.record, $1.issuer, $1.jti) }
  }

  /// The first record counts: a token is spent once.
  mutating func insert(_ entry: Entry, issuer: String, jti: String) {
    if entries[issuer]?[jti] == nil { entries[issuer, default: [:]][jti] = entry }
  }

  /// Forgets what was spent over 30 days before `now` and whose `exp` has passed for good: the
  /// hard floor of trusted time is beyond it. A wrong wall clock alone makes
  /// nothing forgotten, nor is a token forgotten whose `exp` is not known.
  mutating func forget(now: Int64, hardFloor: Int64) {
    let (before, overflow) = now.subtractingReportingOverflow(Self.retention)
    if overflow { return }
    for (issuer, tokens) in entries {
      let kept = tokens.filter { _, entry in
        guard let expires = entry.expires else { return true }
        return entry.at >= before || expires >= hardFloor
      }
      if kept.count < tokens.count { entries[issuer] = kept.isEmpty ? nil : kept }
    }
  }
}
