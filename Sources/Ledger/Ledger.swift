package import JSON
internal import Linux

/// The record of who asked for what and what came of it: an append-only file, one JSON object per
/// line, and the memory of which tokens were spent.
///
/// Nothing in it is ever rewritten. The one line that is taken out is a last one without its line
/// feed, which a crash left: nothing was done on the strength of it, since what must be recorded
/// beforehand is on the disk, whole, before it is done. Lines that cannot be read stay, are
/// reported, and are passed over.
///
/// Not thread-safe: it belongs to the daemon's one thread. Each call blocks for as long as the disk
/// takes.
package final class Ledger {
  package static let defaultDirectory = "/var/lib/holdfast/ledger"
  static let fileName = "ledger.jsonl"
  /// What the daemon last signed, beside the ledger's files.
  package static let checkpointName = "checkpoint"

  /// A ledger that was opened, and what was found.
  package struct Opened {
    package let ledger: Ledger
    /// A torn last line that was cut off.
    package let repaired: Repair?
    /// The numbers, from 1, of lines that are no records or whose `seq` does not follow that of
    /// the line before; the first 1,000 of them.
    package let damaged: [Int64]
    /// How it differs from what was known of it.
    package let divergence: Divergence?

    package var spent: SpentSet { ledger.spent }
  }

  /// A torn last line that was cut off.
  package struct Repair: Sendable, Equatable, CustomStringConvertible {
    /// The line's number, from 1.
    package let line: Int64
    /// Where it began, in bytes.
    package let offset: Int64
    /// How many bytes there were of it.
    package let bytes: Int64

    package var description: String {
      "line \(line) was written only in part (\(bytes) bytes at \(offset)) and was cut off"
    }
  }

  /// The tokens that were spent; from its intent on a token is.
  package private(set) var spent: SpentSet
  /// The `seq` that the next record gets.
  package private(set) var nextSequence: Int64
  /// Where it stands, after the last record.
  package private(set) var head: LedgerHead
  /// The floors of time in the last record that has them.
  package private(set) var floor: LedgerFloor?
  /// Events that could not be recorded since the last record; the next one tells.
  package var dropped: Int64 { news.dropped }
  /// Whether space for all the unlocks that must be possible on a full disk is allocated now.
  package var reserveAvailable: Bool { reserve.isComplete(at: end) }

  private let storage: any LedgerStorage
  private var reserve: Reserve
  private var index: RecordIndex
  private var folds = RefusalFolds()
  private var news = LedgerNews()
  /// The file's length, as far as this is the only one who writes to it.
  private var end: Int64
  /// Over all lines before `end`, or before `openLine`.
  private var tree: MerkleTree
  /// Over all lines of the files before this one.
  private var base: MerkleTree
  /// The `seq` of the file's first record.
  private var first: Int64
  /// How large a file gets, and all of them together.
  package var limits = LedgerLimits()
  /// After this many bytes the file is put away at the earliest.
  private var leastBeforePuttingAway: Int64 = 0
  /// CLOCK_BOOTTIME in microseconds: before, it is not tried again.
  private var nextPuttingAway: UInt64 = 0
  /// Where a last line begins that somebody else left without its line feed.
  private var openLine: Int64?
  /// Whether a record may lie behind `end` that failed half-way.
  private var isUnclean = false

  /// Opens the ledger, and reads it once. Records go on above the highest `seq` that is known.
  ///
  /// A file that can be read but not written is opened all the same: what is spent is known then,
  /// and `append` throws until the file can be written.
  /// - Parameters:
  ///   - now: seconds since the epoch; tokens spent over 30 days ago may be forgotten.
  ///   - hardFloor: the hard floor of trusted time; only tokens that expired before are forgotten.
  ///   - boottime: CLOCK_BOOTTIME in microseconds.
  ///   - reservedUnlocks: this many are possible on a full disk.
  ///   - known: where it stood, as far as that is known from elsewhere.
  package static func open(
    directory: String = defaultDirectory, now: Int64, hardFloor: Int64 = 0, boottime: UInt64 = 0,
    reservedUnlocks: Int = 1000, known: LedgerHead? = nil
  ) throws(LedgerError) -> Opened {
    let file: LedgerFile
    do throws(SystemError) {
      file = try LedgerFile(directory: directory, name: fileName)
    } catch {
      throw error.isWrongKind ? LedgerError(.notALedger, error.description) : LedgerError(error)
    }
    return try open(
      file, now: now, hardFloor: hardFloor, boottime: boottime, reservedUnlocks: reservedUnlocks,
      known: known)
  }

  static func open(
    _ storage: any LedgerStorage, now: Int64, hardFloor: Int64 = 0, boottime: UInt64 = 0,
    reservedUnlocks: Int = 1000, known: LedgerHead? = nil
  ) throws(LedgerError) -> Opened {
    let size = try onDisk { () throws(SystemError) in try storage.size() }
    let recovery = try onDisk { () throws(SystemError) in
      try Recovery(reading: storage, size: size, known: known)
    }
    let ledger = Ledger(
      storage: storage, recovery: recovery, reserve: Reserve(unlocks: reservedUnlocks))
    var repair: Repair?
    if size > recovery.end {
      repair = Repair(line: recovery.lines + 1, offset: recovery.end, bytes: size - recovery.end)
      ledger.isUnclean = true
      ledger.cleanUp(boottime: boottime)
    }
    ledger.reserve.extend(
      from: ledger.end, until: ledger.end, now: boottime, storage: storage, force: true)
    ledger.forgetSpent(now: now, hardFloor: hardFloor)
    if let known { ledger.nextSequence = max(ledger.nextSequence, known.sequence + 1) }
    return Opened(
      ledger: ledger, repaired: repair, damaged: recovery.damaged,
      divergence: recovery.divergence(from: known))
  }

  private init(storage: any LedgerStorage, recovery: Recovery, reserve: Reserve) {
    self.storage = storage
    self.reserve = reserve
    index = recovery.index
    spent = recovery.spent
    nextSequence = recovery.nextSequence
    end = recovery.end
    tree = recovery.tree
    base = recovery.base
    first = recovery.first
    floor = recovery.floor
    head = LedgerHead(
      sequence: recovery.nextSequence - 1, size: tree.size, root: tree.rootText)
  }

  /// Forgets tokens that can never be used again; now and then, in a daemon that runs for months.
  package func forgetSpent(now: Int64, hardFloor: Int64) {
    spent.forget(now: now, hardFloor: hardFloor)
  }

  /// Takes in what is known from elsewhere: tokens that were spent stay spent, whatever became of
  /// the file.
  package func adopt(_ tokens: [SpentToken]) {
    for token in tokens {
      spent.insert(
        SpentSet.Entry(at: token.at, record: token.record, expires: token.expires),
        issuer: token.issuer, jti: token.jti)
    }
  }

  // MARK: Writing

  /// Appends one record, and returns its `seq`.
  ///
  /// An intent, and whatever `sync` asks for, is on the disk when this returns. When it throws
  /// there is no record, and nothing may be done that needed one; the event is counted in
  /// `dropped`. Refusals go to `appendRefusal`.
  @discardableResult
  package func append(_ event: LedgerEvent, sync: Bool = false) throws(LedgerError) -> Int64 {
    try record(event, sync: sync || event.phase == .intent)
  }

  /// Takes in a refusal: at most one record per uid, code and minute, with a `count`, written once
  /// the minute is over or `flushFolded` is called. A crash before loses it.
  package func appendRefusal(_ event: LedgerEvent) {
    write(folds.add(event), boottime: event.boottime)
  }

  /// Writes the refusals of minutes that are over. To be called every minute; `now` is in seconds
  /// since the epoch. What cannot be written is counted in `dropped`.
  package func flushFolded(now: Int64) {
    write(folds.ended(now: now), boottime: nil)
  }

  /// Writes all refusals that are not written yet, also those of the minute that is not over.
  package func flushFolded() {
    write(folds.all(), boottime: nil)
  }

  /// Whether there are refusals that are not written yet.
  package var hasFolded: Bool { !folds.isEmpty }

  /// Writes what is not written yet, and waits for the disk. The ledger can be used on.
  package func close() throws(LedgerError) {
    flushFolded()
    try sync()
  }

  /// Waits for the disk.
  package func sync() throws(LedgerError) {
    try onDisk { () throws(SystemError) in try storage.sync() }
  }

  /// Puts the file back where someone removed or replaced it, from what is still open; the next
  /// record tells. Every `append` does this too.
  /// - Returns: whether that was so.
  @discardableResult
  package func putBackIfMissing() throws(LedgerError) -> Bool {
    let wasPutBack = try onDisk { () throws(SystemError) in try storage.prepare() }
    if wasPutBack {
      news.putBack = true
      reserve.reset(to: end)
    }
    return wasPutBack
  }

  /// Has the file take nothing but appending from anybody, where its file system can (chattr(1)).
  /// - Returns: whether it would have taken more until now.
  @discardableResult
  package func harden() throws(LedgerError) -> Bool {
    try onDisk { () throws(SystemError) in try storage.harden() }
  }

  private func write(_ folds: [RefusalFolds.Fold], boottime: UInt64?) {
    for fold in folds {
      do throws(LedgerError) {
        _ = try record(
          fold.event, folded: (fold.count, fold.last), boottime: boottime, sync: false)
      } catch {
        // Counted in `dropped`, which the next record tells.
      }
    }
  }

  private func record(
    _ event: LedgerEvent, folded: (count: Int64, last: Int64)? = nil, boottime: UInt64? = nil,
    sync: Bool
  ) throws(LedgerError) -> Int64 {
    do throws(LedgerError) {
      return try tryToRecord(
        event, folded: folded, boottime: boottime ?? event.boottime, sync: sync)
    } catch {
      news.dropped += folded?.count ?? 1
      throw error
    }
  }

  private func tryToRecord(
    _ event: LedgerEvent, folded: (count: Int64, last: Int64)?, boottime: UInt64, sync: Bool
  ) throws(LedgerError) -> Int64 {
    try putBackIfMissing()
    var grown = try takeInForeignChanges(boottime: boottime)
    let needsLineFeed = openLine != nil
    let sequence = nextSequence
    let record = LedgerRecord(
      sequence: sequence, event: event, folded: folded, news: news,
      head: grown == tree ? head.root : grown.rootText)
    let line = (needsLineFeed ? [UInt8(ascii: "\n")] : []) + record.line()
    let newEnd = end + Int64(line.count)

    reserve.extend(from: end, until: newEnd, now: boottime, storage: storage)
    guard reserve.allows(event.claim, until: newEnd) else {
      throw LedgerError(.noSpace, "the disk is full, and the reserve is kept for unlocks")
    }
    do throws(SystemError) {
      var rest = line[...]
      isUnclean = true
      while !rest.isEmpty { rest = rest.dropFirst(try storage.append(rest)) }
      if sync { try storage.sync() }
      isUnclean = false
    } catch {
      cleanUp(boottime: boottime)
      throw LedgerError(error)
    }

    let content = (needsLineFeed ? 1 : 0)..<(line.count - 1)
    grown.append(leaf: line.span.extracting(content))
    tree = grown
    openLine = nil
    head = LedgerHead(sequence: sequence, size: tree.size, root: tree.rootText)
    floor = event.floor ?? floor
    index.add(sequence, at: end + (needsLineFeed ? 1 : 0))
    end = newEnd
    nextSequence += 1
    news = LedgerNews()
    if let token = event.spends {
      spent.insert(
        SpentSet.Entry(at: event.wall, record: sequence, expires: event.exp),
        issuer: token.issuer, jti: token.jti)
    }
    return sequence
  }

  // MARK: Several files

  /// After a failure it is tried again only this much later, in microseconds.
  private static let pause: UInt64 = 60_000_000

  /// Puts the file away once it is large enough, and removes the oldest where all of them are too
  /// large. To be called when there is time for it: not while somebody waits to be let in.
  ///
  /// - Parameter stamp: what the ledger's own records have of time, boot and clock.
  /// - Returns: whether there is a new file.
  @discardableResult
  package func tidy(_ stamp: LedgerEvent) -> Bool {
    guard end >= max(limits.file, leastBeforePuttingAway),
      stamp.boottime >= nextPuttingAway || nextPuttingAway - stamp.boottime > Self.pause
    else { return false }
    nextPuttingAway = stamp.boottime + Self.pause
    do throws(LedgerError) {
      try putAway(stamp)
      try trim(stamp)
      return true
    } catch {
      // On a full disk, say: it goes on in the file as it is, and is tried again.
      return false
    }
  }

  private func putAway(_ stamp: LedgerEvent) throws(LedgerError) {
    tree = try takeInForeignChanges(boottime: stamp.boottime)
    guard openLine == nil else { return }
    var grown = tree
    var sequence = nextSequence
    var bytes: [UInt8] = []
    var found = RecordIndex()
    func write(_ name: String, _ details: [JSON.Member]) {
      var event = stamp
      (event.event, event.outcome, event.details) = (name, "ok", details)
      let line = LedgerRecord(sequence: sequence, event: event, head: grown.rootText).line()
      grown.append(leaf: line.span.extracting(0..<(line.count - 1)))
      found.add(sequence, at: Int64(bytes.count))
      bytes += line
      sequence += 1
    }
    write(LedgerEvent.segment, SegmentStart(tree).details)
    for details in CarriedTokens.details(spent.tokens) { write(LedgerEvent.carried, details) }

    try onDisk { () throws(SystemError) in
      // A second reserve beside the first, which is given back only afterwards.
      let needed = Int64(bytes.count) + reserve.size + Reserve.slack + Reserve.leastFree
      guard try storage.free() > needed else {
        throw SystemError(errno: ErrorNumber.noSpace, operation: "begin a new file")
      }
      try storage.putAway(first: first, beginning: bytes)
    }
    (base, tree, index, end) = (tree, grown, found, Int64(bytes.count))
    (first, nextSequence) = (nextSequence, sequence)
    head = LedgerHead(sequence: sequence - 1, size: tree.size, root: tree.rootText)
    leastBeforePuttingAway = 2 * end
    reserve.reset(to: 0)
    reserve.extend(from: end, until: end, now: stamp.boottime, storage: storage, force: true)
  }

  /// Removes the oldest files until the rest are within the limit. The record of it is on the disk
  /// first, so that what is missing is accounted for.
  private func trim(_ stamp: LedgerEvent) throws(LedgerError) {
    let segments = try onDisk { () throws(SystemError) in try storage.segments() }
    var total = segments.reduce(limits.file) { $0 + $1.size }
    for (index, segment) in segments.enumerated() where total > limits.all {
      let next = index + 1 < segments.count ? segments[index + 1].first : first
      var event = stamp
      (event.event, event.outcome) = (LedgerEvent.trimmed, "removed")
      event.details = [
        .init(name: "first", value: .integer(segment.first)),
        .init(name: "last", value: .integer(next - 1)),
      ]
      try append(event, sync: true)
      try onDisk { () throws(SystemError) in try storage.remove(segment) }
      total -= segment.size
    }
  }

  /// Cuts off what is behind the last whole record, if that is possible now; else the next append
  /// tries again.
  private func cleanUp(boottime: UInt64) {
    guard isUnclean else { return }
    do throws(SystemError) {
      try storage.truncate(to: end)
      isUnclean = false
    } catch {
      return
    }
    reserve.reset(to: end)
    reserve.extend(from: end, until: end, now: boottime, storage: storage, force: true)
  }

  /// Makes sure that the file ends where the last record does, or takes it as somebody else left
  /// it: what was added stays, what was cut off is told in the next record.
  /// - Returns: the tree over the file's lines, one without its line feed (`openLine`) included.
  private func takeInForeignChanges(boottime: UInt64) throws(LedgerError) -> MerkleTree {
    if isUnclean { cleanUp(boottime: boottime) }
    if isUnclean { throw LedgerError(.io, "the ledger's last record could not be taken back") }
    let reader = LineReader(storage: storage)
    return try onDisk { () throws(SystemError) in
      let size = try storage.size()
      if size != end {
        // What was cut off cannot be taken out of the tree: it is made anew.
        var read = size < end ? 0 : openLine ?? end
        var found = size < end ? base : tree
        read = try reader.add(from: read, to: size, to: &found)
        if size < end {
          news.missing += end - size
          index.cut(to: size)
          reserve.reset(to: size)
        }
        tree = found
        head = LedgerHead(sequence: head.sequence, size: tree.size, root: tree.rootText)
        openLine = read < size ? read : nil
        end = size
      }
      guard let openLine else { return tree }
      var grown = tree
      grown.append(hash: try reader.leafHash(of: openLine..<end))
      return grown
    }
  }

  // MARK: Reading

  /// Records from `since` on, at most `limit`, as they were written. Read from the disk in pieces;
  /// lines that are no records are passed over.
  package func records(since: Int64, limit: Int) throws(LedgerError) -> [JSON] {
    try lines(since: since, limit: limit).compactMap { try? JSON.parse($0.bytes) }
  }

  /// The lines of the records from `since` on, at most `limit`, without their line feeds, and each
  /// one's `seq`.
  package func lines(
    since: Int64, limit: Int
  ) throws(LedgerError) -> [(sequence: Int64, bytes: [UInt8])] {
    var found: [(sequence: Int64, bytes: [UInt8])] = []
    guard limit > 0 else { return found }
    func read(_ storage: any LedgerBytes, from start: Int64, to end: Int64) throws(SystemError) {
      try LineReader(storage: storage).read(from: start, to: end) { line, _ in
        guard let line, let record = RecordScanner.scan(line), record.sequence >= since else {
          return true
        }
        found.append((record.sequence, line.indices.map { line[$0] }))
        return found.count < limit
      }
    }
    try onDisk { () throws(SystemError) in
      if since < first {
        let segments = try storage.segments()
        for (number, segment) in segments.enumerated() where found.count < limit {
          let next = number + 1 < segments.count ? segments[number + 1].first : first
          guard next > since else { continue }
          try read(storage.open(segment), from: 0, to: segment.size)
        }
      }
      if found.count < limit { try read(storage, from: index.offset(of: since), to: end) }
    }
    return found
  }
}
