internal import JSON
internal import Linux

/// What is found in a ledger's file when it is opened.
struct Recovery {
  /// More damaged lines than this are not listed.
  static let maxDamaged = 1000

  private(set) var index = RecordIndex()
  private(set) var spent = SpentSet()
  /// The numbers, from 1, of lines that are no records or whose `seq` does not follow.
  private(set) var damaged: [Int64] = []
  /// The `seq` that the next record gets.
  private(set) var nextSequence: Int64 = 1
  /// Whole lines.
  private(set) var lines: Int64 = 0
  /// Where the last whole line ends.
  private(set) var end: Int64 = 0
  /// Over all whole lines.
  private(set) var tree = MerkleTree()
  /// Over all lines of the files before this one.
  private(set) var base = MerkleTree()
  /// The `seq` of the first record; 1 where there is none.
  private(set) var first: Int64 = 1
  /// What the root was when there were as many lines as are known of; nil where there never were.
  private(set) var rootAsKnown: String?
  /// The floors of time in the last record that has them.
  private(set) var floor: LedgerFloor?

  /// Reads the whole file once.
  init(
    reading storage: any LedgerStorage, size: Int64, known: LedgerHead?
  ) throws(SystemError) {
    var found = self
    let reader = LineReader(storage: storage)
    if known?.size == 0 { found.rootAsKnown = found.tree.rootText }
    let end = try reader.read(from: 0, to: size) { line, range throws(SystemError) in
      var record: ScannedRecord?
      if let line {
        record = RecordScanner.scan(line)
        if record?.isOfTheLedger == true { found.takeIn(line, known) }
      }
      found.take(record, at: range.lowerBound)
      try found.tree.append(line, range, reader)
      if known?.size == found.tree.size { found.rootAsKnown = found.tree.rootText }
      return true
    }
    self = found
    self.end = end
  }

  /// Takes what the ledger wrote for itself: where a file begins, and what was spent before.
  private mutating func takeIn(_ line: Span<UInt8>, _ known: LedgerHead?) {
    guard let json = try? JSON.parse(line.indices.map { line[$0] }) else { return }
    if lines == 0, let start = SegmentStart(json), let sequence = json["seq"]?.integer {
      base = start.tree
      tree = base
      nextSequence = max(sequence, 1)
      if known?.size == tree.size { rootAsKnown = tree.rootText }
    }
    for token in CarriedTokens.read(json) {
      spent.insert(
        SpentSet.Entry(at: token.at, record: token.record, expires: token.expires),
        issuer: token.issuer, jti: token.jti)
    }
  }

  private mutating func take(_ record: ScannedRecord?, at offset: Int64) {
    lines += 1
    if lines == 1, let record { first = record.sequence }
    guard let record else {
      markDamaged()
      // It was a record once, and its number is gone with it.
      nextSequence += 1
      return
    }
    if let floor = record.floor { self.floor = floor }
    if let spent = record.spent {
      // Whatever else is wrong with the line: better a token spent twice than used twice.
      self.spent.insert(
        SpentSet.Entry(at: record.time, record: record.sequence, expires: spent.expires),
        issuer: spent.issuer, jti: spent.jti)
    }
    if record.sequence != nextSequence { markDamaged() }
    if record.sequence >= nextSequence, record.sequence < .max {
      index.add(record.sequence, at: offset)
      nextSequence = record.sequence + 1
    }
  }

  private mutating func markDamaged() {
    if damaged.count < Self.maxDamaged { damaged.append(lines) }
  }
}

/// Where records lie in the file: every 256th, so that it stays small.
struct RecordIndex {
  static let stride: Int64 = 256

  private var entries: [(sequence: Int64, offset: Int64)] = []

  /// Takes a record in; records come by rising `seq`.
  mutating func add(_ sequence: Int64, at offset: Int64) {
    if let last = entries.last, sequence - last.sequence < Self.stride { return }
    entries.append((sequence, offset))
  }

  /// An offset at or before the record of this `seq`, and all after it.
  func offset(of sequence: Int64) -> Int64 {
    var low = 0
    var high = entries.count
    while low < high {
      let middle = (low + high) / 2
      if entries[middle].sequence <= sequence { low = middle + 1 } else { high = middle }
    }
    return low == 0 ? 0 : entries[low - 1].offset
  }

  /// The file ends here now.
  mutating func cut(to end: Int64) {
    while let last = entries.last, last.offset >= end { entries.removeLast() }
  }
}
