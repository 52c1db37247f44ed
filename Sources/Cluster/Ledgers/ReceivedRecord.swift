internal import AgentToken
internal import Issuing
internal import JSON
internal import LinkMessages

/// A record of a ledger as it came: one line, exactly as it is in the ledger.
struct ReceivedRecord: Sendable {
  let sequence: Int64
  let time: Int64
  let event: String
  let json: JSON
  /// Without its line feed.
  let bytes: [UInt8]

  /// A record with its line feed has at most so many bytes.
  private static let most = 4096

  init(_ bytes: [UInt8]) throws(Refusal) {
    guard bytes.count < Self.most else {
      throw Refusal(.invalid, "A record of a ledger has at most \(Self.most) bytes.")
    }
    do {
      json = try JSON.parse(bytes)
    } catch {
      throw Refusal(.invalid, "What was sent as a record of a ledger is no JSON: \(error).")
    }
    guard let sequence = json["seq"]?.integer, (1...AgentReport.highest).contains(sequence),
      let time = json["time"]?.integer, let event = json["event"]?.string,
      event.utf8.count <= 128
    else {
      throw Refusal(
        .invalid, "What was sent as a record of a ledger has no seq, time and event in it.")
    }
    self.sequence = sequence
    self.time = time
    self.event = event
    self.bytes = bytes
  }

  /// Reads what one post has, in its order.
  ///
  /// - Throws: `invalid_request` where anything in it is no record, or does not come behind the one
  ///   before it.
  static func all(in posted: [UInt8]) throws(Refusal) -> [ReceivedRecord] {
    guard posted.count <= LinkLimits.ledger else {
      throw Refusal(.invalid, "One post has at most \(LinkLimits.ledger) bytes of a ledger.")
    }
    var lines = posted.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    if lines.last?.isEmpty == true { lines.removeLast() }
    guard lines.count <= LinkLimits.records else {
      throw Refusal(.invalid, "One post has at most \(LinkLimits.records) records of a ledger.")
    }
    var records: [ReceivedRecord] = []
    for line in lines {
      let record = try ReceivedRecord(Array(line))
      if let last = records.last, last.sequence >= record.sequence {
        throw Refusal(
          .invalid, "Record \(record.sequence) does not come behind record \(last.sequence).")
      }
      records.append(record)
    }
    return records
  }

  var line: LedgerLine {
    LedgerLine(
      sequence: sequence, time: time, event: event, text: String(decoding: bytes, as: UTF8.self))
  }
}
