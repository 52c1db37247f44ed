internal import Ledger
internal import Linux

/// The vital part of the daemon's state, kept twice: in its own directory, and in one on another
/// path (`/etc/holdfast.state`; where /var is a file system of its own, as on many servers, it is then
/// on another one, and no single `rm -rf`, restore or broken disk takes both).
///
/// Each copy has a seal: a generation, which only grows, and the hash of every file. At start both
/// are read, the newer whole one counts, and the other is mended. A third witness (`Witness`) says
/// what this boot knew last, so that old or edited copies in both places are noticed too.
///
/// Writing: first the one place, its seal last, then the other. So at any moment one of them is
/// whole, and a crash leaves the old state or the new one.
final class StateVault {
  /// What was found when it was opened.
  enum Finding: Equatable {
    /// Put right from the other copy.
    case mended(String)
    /// Cannot be put right: to be looked at by somebody, and said until then.
    case alarm(String)
    /// Nothing says what it should be; taken as it is.
    case adopted(String)
  }

  private(set) var seal = Seal()
  private(set) var findings: [Finding] = []
  /// What keeps one of the places from being written.
  private(set) var problems: [String] = []
  let places: [VitalPlace]
  private let witness: Witness
  /// The generation of a seal that could not be written, as far as is known; 0 where there is none.
  private var failed: Int64 = 0

  /// Holdfast was let go of by a rescue boot: what changed was changed with permission.
  let wasRescued: Bool

  init(primary: String, secondary: String, witness: Witness) {
    places = [
      VitalPlace(directory: primary, isOwn: false), VitalPlace(directory: secondary, isOwn: true),
    ]
    self.witness = witness
    wasRescued = places.contains { Files.exists($0.path(Self.rescueMarker)) }
    open()
    witness.begin(seal)
  }

  /// holdfast-rescue leaves it behind, in every place there is.
  private static let rescueMarker = "rescued"

  func forgetRescue() {
    for place in places where Files.exists(place.path(Self.rescueMarker)) {
      try? place.remove(Self.rescueMarker)
    }
  }

  // MARK: Opening

  private func open() {
    let seals = places.map { $0.seal() }
    let files = places.map { $0.hashes() }
    // Of a host that had no state yet there is nothing to know, but while its first is written.
    let said = witness.known?.seals ?? []
    let known = said.contains { $0.generation > 0 } ? said : []
    let all = seals.compactMap(\.self) + known
    guard let newest = all.max(by: { $0.generation < $1.generation }) else {
      return begin(files)
    }
    // The seal that a place's files are those of, whichever place's seal it is.
    let whole = files.map { found in
      all.filter { $0.files == found }.max { $0.generation < $1.generation }
    }
    var good = newest
    var isExpected = false
    let best = places.indices.filter { whole[$0] != nil }
      .max { (whole[$0]?.generation ?? 0, -$0) < (whole[$1]?.generation ?? 0, -$1) }
    if let best, let its = whole[best] {
      good = its
      // Without a witness there are only the two seals to go by.
      let expected = known.isEmpty ? [newest.files] : known.map(\.files)
      isExpected = expected.contains(its.files)
      if !isExpected {
        findings.append(
          .alarm(
            "an older copy of Holdfast's state was put back (generation \(its.generation), "
              + "and \(newest.generation) is known)"))
      }
    } else {
      // Neither is what was written. What there is counts, the first place's before the other's.
      good.files = files[1].merging(files[0]) { _, first in first }
      findings.append(
        .alarm(
          "Holdfast's state was changed in \(places.map(\.directory).joined(separator: " and "))")
      )
    }
    seal = good
    // Of a bundle that was being written when everything ended, the older one is no older one.
    if !isExpected { seal.trust = newest.trust ?? good.trust }
    for other in all { seal.learn(from: other) }
    settle(seals, newest.generation)
  }

  /// No seal anywhere: a new host, or one whose state is from before there were any.
  private func begin(_ files: [[String: String]]) {
    seal.files = files[1].merging(files[0]) { _, first in first }
    guard !seal.files.isEmpty else { return }
    settle([], 0)
    findings = [.adopted("Holdfast's state has no seal, and was taken as it is")]
  }

  /// Brings both places to what was found to count.
  private func settle(_ seals: [Seal?], _ newest: Int64) {
    let stays =
      seals.count == places.count && seals.allSatisfy { $0 == seal }
      && places.allSatisfy { place in
        place.damage(expecting: seal.files).allSatisfy { $0.damage == .unflagged }
      }
    if stays {
      for place in places { place.settle(VitalPlace.sealName) }
    } else {
      // Above everything there was, so that no older seal ever counts again.
      seal.generation = newest + 1
      witness.expect(seal)
    }
    for (place, old) in zip(places, seals) {
      if old == nil, Files.isDirectory(place.directory) {
        findings.append(.mended("\(place.path(VitalPlace.sealName)) was gone or damaged"))
      }
    }
    findings += mend(reseal: !stays) { _ in nil }.map(Finding.mended)
  }

  // MARK: Writing

  /// What is to become of the vital files.
  struct Change {
    var writes: [(name: String, bytes: [UInt8])] = []
    var renames: [(from: String, to: String)] = []
    var removals: [String] = []
  }

  /// Does it in both places, and is on the disk when it returns. It throws where the first place
  /// cannot be written; the second is then tried again later.
  func apply(_ change: Change, trust: TrustMark? = nil) throws(SystemError) {
    undoFailed()
    var next = seal
    next.generation += 1
    if let trust { next.trust = trust }
    for (from, to) in change.renames { next.files[to] = next.files.removeValue(forKey: from) }
    for name in change.removals { next.files[name] = nil }
    for (name, bytes) in change.writes {
      next.files[name] = SHA256Hash.hex(SHA256Hash.of(bytes))
    }
    if next.files == seal.files, next.trust == seal.trust { return }
    try commit(next) { place throws(SystemError) in
      for (from, to) in change.renames { try place.rename(from, to: to) }
      for name in change.removals { try place.remove(name) }
      for (name, bytes) in change.writes where place.hash(name) != next.files[name] {
        try place.write(name, bytes)
      }
    }
  }

  func write(_ name: String, _ bytes: [UInt8], trust: TrustMark? = nil) throws(SystemError) {
    try apply(Change(writes: [(name, bytes)]), trust: trust)
  }

  func remove(_ name: String) throws(SystemError) { try apply(Change(removals: [name])) }

  /// Notes a token as spent and where the ledger stands, on the disk.
  func note(_ token: SpentToken?, _ head: LedgerHead?) throws(SystemError) {
    undoFailed()
    var next = seal
    next.generation += 1
    if let token { next.add(token) }
    if let head { next.head = head }
    try commit(next) { _ throws(SystemError) in }
  }

  /// Where the ledger stands, on the disk or not yet.
  func witness(_ head: LedgerHead) { witness.note(head) }

  private func commit(
    _ next: Seal, _ work: (VitalPlace) throws(SystemError) -> Void
  ) throws(SystemError) {
    witness.expect(next)
    problems = []
    do throws(SystemError) {
      try work(places[0])
      try places[0].write(next)
    } catch {
      // What was done of it is undone by the next look at it. Until then either may be found.
      failed = next.generation
      throw error
    }
    (seal, failed) = (next, 0)
    do throws(SystemError) {
      try work(places[1])
      try places[1].write(next)
    } catch {
      cannotKeep(places[1], error)
    }
    witness.settle(seal)
  }

  /// What was done of a change that failed is in the way of the next.
  private func undoFailed() {
    if failed > 0 { _ = mend { _ in nil } }
  }

  private func cannotKeep(_ place: VitalPlace, _ error: SystemError) {
    let problem = "\(place.directory), a copy of the state, cannot be written: \(error)"
    if !problems.contains(problem) { problems.append(problem) }
  }

  // MARK: Looking after it

  /// Whether there is anything to look after.
  var isEmpty: Bool { seal.generation == 0 }

  /// Puts right what is not as it was written: from the other place, else from what the daemon has
  /// in mind.
  ///
  /// - Parameter content: what a file should hold, as far as that is known.
  /// - Returns: what was put right, in words.
  func mend(reseal: Bool = false, content: (String) -> [UInt8]?) -> [String] {
    guard !isEmpty else { return [] }
    var mended: [String] = []
    problems = []
    for (place, other) in [(places[0], places[1]), (places[1], places[0])] {
      let damage = place.damage(expecting: seal.files)
      guard reseal || !damage.isEmpty else { continue }
      // Over the seal that may have got there in part.
      seal.generation = max(seal.generation, failed)
      // A place that was not there at all is one thing to say.
      let isLost = !Files.isDirectory(place.directory)
      do throws(SystemError) {
        for (name, what) in damage { try mend(name, what, place, other, content) }
        // A seal must not outlast, in a power cut, what it is over.
        if reseal { try place.syncNames() }
        if reseal || damage.contains(where: { $0.damage != .unflagged }) { try place.write(seal) }
        mended += isLost ? ["\(place.directory) was not there"] : Self.words(damage, place)
      } catch {
        cannotKeep(place, error)
      }
    }
    if failed > 0, problems.isEmpty {
      failed = 0
      witness.settle(seal)
    }
    return mended
  }

  private static func words(
    _ damage: [(name: String, damage: VitalPlace.Damage)], _ place: VitalPlace
  ) -> [String] {
    let bare = damage.filter { $0.damage == .unflagged }
    let some = bare.count > 2 ? damage.filter { $0.damage != .unflagged } : damage
    return some.map { "\(place.path($0.name)) \($0.damage.text)" }
      + (bare.count > 2 ? ["\(bare.count) files in \(place.directory) were not immutable"] : [])
  }

  private func mend(
    _ name: String, _ damage: VitalPlace.Damage, _ place: VitalPlace, _ other: VitalPlace,
    _ content: (String) -> [UInt8]?
  ) throws(SystemError) {
    switch damage {
    case _ where name == VitalPlace.sealName: return  // written at the end
    case .unflagged: place.settle(name)
    case .foreign: try place.remove(name)
    case .gone, .changed:
      let hash = seal.files[name]
      for bytes in [place.read(name), other.read(name), content(name)] {
        guard let bytes, SHA256Hash.hex(SHA256Hash.of(bytes)) == hash else { continue }
        return try place.write(name, bytes)
      }
      throw SystemError(
        errno: ErrorNumber.inputOutput, operation: "\(place.path(name)) is damaged in both places")
    }
  }
}
