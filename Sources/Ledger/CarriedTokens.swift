internal import JSON

/// The spent tokens that a new file of the ledger takes with it, so that they are known however much
/// of what was before is put away or removed.
enum CarriedTokens {
  /// What is known of them in one record, so that it stays well below the longest one.
  private static let bytesPerRecord = 2800

  /// The details of the records that carry these.
  static func details(_ tokens: [SpentToken]) -> [[JSON.Member]] {
    var records: [[JSON]] = []
    var room = 0
    for token in tokens {
      let json: JSON = .array([
        .string(token.issuer), .string(token.jti), .integer(token.at), .integer(token.record),
        token.expires.map(JSON.integer) ?? .null,
      ])
      let size = json.encodedBytes().count + 1
      if size > room {
        records.append([])
        room = bytesPerRecord
      }
      records[records.count - 1].append(json)
      room -= size
    }
    return records.map { [JSON.Member(name: "tokens", value: .array($0))] }
  }

  /// None where a record carries none.
  static func read(_ record: JSON) -> [SpentToken] {
    guard record["event"]?.string == LedgerEvent.carried else { return [] }
    return (record["tokens"]?.array ?? []).compactMap { token in
      guard let parts = token.array, parts.count == 5, let issuer = parts[0].string,
        let jti = parts[1].string, let at = parts[2].integer, let record = parts[3].integer
      else { return nil }
      return SpentToken(
        issuer: issuer, jti: jti, at: at, record: record, expires: parts[4].integer)
    }
  }
}
