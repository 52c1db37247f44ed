internal import JSON
internal import Linux

/// Goes through a ledger line by line and finds the first record that is not as it was written.
///
/// Each record says what the root over all lines before it was. So a line that was changed is found
/// at the record behind it, and what is missing or in another place at the record that stands there
/// instead. Of the last line, and of an end that was cut off or a ledger that somebody wrote anew, only
/// what is known from elsewhere can tell: a checkpoint, or the daemon.
///
/// Knows files by their names only: whoever reads them hands over their lines.
package struct LedgerVerifier {
  /// What came of it.
  package struct Report: Sendable, Equatable {
    package let fault: LedgerFault?
    /// How many lines were gone through.
    package let lines: Int64
    /// The first and the last record's `seq`; nil where there is none.
    package let first: Int64?
    package let last: Int64?
    /// How many lines are from before records had heads; what was changed of them before the first
    /// head was written does not show.
    package let headless: Int64
    /// How many lines there are in all, those that are no longer kept too, and their root.
    package let size: Int64
    package let root: String
    /// What is known from elsewhere and was found so.
    package let confirmed: [KnownHead]
    /// What is known of lines that are no longer kept.
    package let older: [KnownHead]
    /// The keys that the ledger names as its own: `CheckpointKey.text`.
    package let keys: [String]
  }

  private let known: [KnownHead]
  private var confirmed: [KnownHead] = []
  private var older: [KnownHead] = []
  private var tree = MerkleTree()
  private var file = ""
  private var line: Int64 = 0
  private var lines: Int64 = 0
  private var first: Int64?
  private var last: Int64?
  private var keys: [String] = []
  private var headless: Int64 = 0
  private var hasHeads = false
  private var fault: LedgerFault?
  /// The `seq` that the next record has.
  private var expected: Int64 = 1
  /// A number that was not the expected one, in a record whose head is right: the next one says
  /// whether the number was changed or records are missing.
  private var doubt: (expected: Int64, found: Int64, line: Int64, file: String)?
  /// The record that is missing where the fault is: if it comes later, it was moved.
  private var isMissing: Int64?
  /// The `seq` of the first record, where what was before is no longer kept.
  private var beginning: Int64?
  /// The last record that the disk budget took, as the ledger says.
  private var trimmed: Int64 = 0

  package init(known: [KnownHead]) {
    self.known = known
  }

  /// Further lines are those of this file.
  package mutating func begin(file: String) {
    self.file = file
    line = 0
  }

  /// Takes the next line, without its line feed; nil where it is too long to be looked at.
  ///
  /// - Parameter leaf: its hash as a leaf of the tree.
  mutating func take(_ content: [UInt8]?, leaf: [UInt8]) {
    line += 1
    lines += 1
    let record = content.flatMap(Entry.init)
    if lines == 1 { start(record) }
    if let record { read(record) }
    if fault == nil { check(record) } else { search(record) }
    tree.append(hash: leaf)
    if let record {
      first = first ?? record.sequence
      last = record.sequence
    }
    expected = (record?.sequence).map { max($0, expected) } ?? expected
    if expected < .max { expected += 1 }
    compare()
  }

  /// A last line without its line feed.
  package mutating func takeTorn(bytes: Int64) {
    settleDoubt(next: nil)
    guard fault == nil else { return }
    fault = LedgerFault(
      kind: .truncated, record: expected, line: line + 1, file: file,
      description:
        "Record \(expected) is there only in part: \(bytes) bytes, and no end of line. A "
        + "crash does that too; the daemon's next start cuts it off and says so.")
  }

  package mutating func finish() -> Report {
    settleDoubt(next: nil)
    if let beyond = known.filter({ $0.size > tree.size }).max(by: { $0.size < $1.size }),
      fault == nil
    {
      fault = LedgerFault(
        kind: .truncated, record: expected, line: nil, file: file,
        description:
          "Record \(expected) is missing, and all behind it: there are \(tree.size) lines, "
          + "and \(beyond.source) knows of \(beyond.size).")
    }
    if let first = beginning, trimmed < first - 1 {
      // Earlier than whatever else there may be.
      fault = LedgerFault(
        kind: .removed, record: trimmed + 1, line: nil, file: "",
        description:
          "\(Self.records(trimmed + 1, first - 1)) missing at the beginning, and no record "
          + "says that the disk budget took them.")
    }
    return Report(
      fault: fault, lines: lines, first: first, last: last, headless: headless,
      size: tree.size, root: tree.rootText,
      confirmed: confirmed, older: older, keys: keys)
  }

  // MARK: One line

  /// What the verifier needs of a record.
  private struct Entry {
    let sequence: Int64
    let event: String
    let head: String?
    let json: JSON

    init?(_ bytes: [UInt8]) {
      guard RecordScanner.scan(bytes.span) != nil, let json = try? JSON.parse(bytes),
        let sequence = json["seq"]?.integer, let event = json["event"]?.string
      else { return nil }
      self.sequence = sequence
      self.event = event
      self.json = json
      head = json["head"]?.string
    }
  }

  /// A ledger whose beginning is no longer kept says what the tree was then.
  private mutating func start(_ record: Entry?) {
    if let record, let base = SegmentStart(record.json), base.tree.rootText == record.head {
      tree = base.tree
      expected = record.sequence
      beginning = record.sequence
    }
    older = known.filter { $0.size < tree.size }
    compare()
  }

  private mutating func read(_ record: Entry) {
    if record.event == LedgerEvent.trimmed {
      trimmed = max(trimmed, record.json["last"]?.integer ?? record.json["_last"]?.integer ?? 0)
    }
    if record.event == LedgerEvent.key, let key = record.json["key"]?.string, !keys.contains(key) {
      keys.append(key)
    }
  }

  private mutating func check(_ record: Entry?) {
    settleDoubt(next: record)
    guard fault == nil else { return search(record) }
    guard let record else {
      return blame(
        .edited, expected, "Record \(expected) is no record any more: line \(line) is none.")
    }
    if record.head != nil { hasHeads = true }
    if !hasHeads { headless += 1 }
    let fits = !hasHeads || record.head == tree.rootText
    switch (fits, record.sequence == expected) {
    case (true, true): return
    case (true, false):
      doubt = (expected, record.sequence, line, file)
    case (false, true) where lines > 1:
      blame(
        .edited, expected - 1,
        "Record \(expected - 1) is not as it was written, or else the head in record \(expected) is: "
          + "they do not fit.")
    case (false, true):
      blame(.edited, expected, "Record \(expected) is not as it was written: its head is wrong.")
    case (false, false) where record.sequence > expected:
      isMissing = expected
      blame(
        .removed, expected,
        "\(Self.records(expected, record.sequence - 1)) missing before record \(record.sequence).")
    case (false, false):
      blame(
        .repeated, record.sequence,
        "Record \(record.sequence) stands where record \(expected) should be.")
    }
  }

  /// The record behind one with another number than expected says what that was.
  private mutating func settleDoubt(next: Entry?) {
    guard let (wanted, found, line, file) = doubt else { return }
    doubt = nil
    if next?.sequence == wanted + 1 || found < wanted {
      fault = LedgerFault(
        kind: .edited, record: wanted, line: line, file: file,
        description: "Record \(wanted) is not as it was written: its number is \(found).")
    } else {
      fault = LedgerFault(
        kind: .removed, record: wanted, line: line, file: file,
        description: "\(Self.records(wanted, found - 1)) missing: gone before record \(found) was "
          + "written.")
      isMissing = wanted
    }
  }

  /// What seemed to be missing stands further on.
  private mutating func search(_ record: Entry?) {
    guard let missing = isMissing, let record, record.sequence == missing, let old = fault else {
      return
    }
    isMissing = nil
    fault = LedgerFault(
      kind: .swapped, record: missing, line: old.line, file: old.file,
      description: "Record \(missing) is not in its place: it stands in line \(line) of \(file).")
  }

  private mutating func blame(_ kind: LedgerFault.Kind, _ record: Int64, _ description: String) {
    fault = LedgerFault(
      kind: kind, record: record, line: line, file: file, description: description)
  }

  /// Compares with what is known of a ledger of this many lines.
  private mutating func compare() {
    for head in known where head.size == tree.size {
      if head.root == tree.rootText {
        confirmed.append(head)
      } else if fault == nil {
        let record = last ?? expected
        fault = LedgerFault(
          kind: .edited, record: record, line: line, file: file,
          description:
            "Record \(record), or one before it, is not as it was written: \(head.source) "
            + "knows another root of \(head.size) lines. Where every head before it fits, somebody "
            + "wrote them anew.")
      }
    }
  }

  private static func records(_ from: Int64, _ to: Int64) -> String {
    from >= to ? "Record \(from) is" : "Records \(from) to \(to) are"
  }
}
