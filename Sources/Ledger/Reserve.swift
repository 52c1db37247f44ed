internal import Linux

/// Space on the disk that is allocated ahead of the file's end, so that a full disk locks nobody
/// out.
///
/// `size` is what unlocks can count on. Some slack comes on top, so that not every event has to
/// ask for more. Where little is free, no more than half of it is taken.
struct Reserve {
  /// What may use how much of it once the disk is full.
  enum Claim {
    /// Nothing of it: dropped and counted.
    case ordinary
    /// Down to a quarter.
    case protect
    /// All of it.
    case unlock
  }

  static let slack: Int64 = 1 << 20
  /// Below this the disk counts as full, in bytes.
  static let leastFree: Int64 = 256 << 10
  /// After the disk was found full, it is asked again only this much later, in microseconds.
  static let pause: UInt64 = 10_000_000
  /// What the file system may need for itself of the blocks it says the file has.
  private static let overhead: Int64 = 64 << 10

  /// Bytes kept ready for unlocks.
  let size: Int64
  /// Up to this offset the file has space.
  private(set) var end: Int64 = 0
  /// Whether the file system can reserve space at all.
  private(set) var isSupported = true
  /// Whether there was next to no space when the disk was asked last.
  private(set) var isDiskFull = false
  /// CLOCK_BOOTTIME in microseconds.
  private var nextAttempt: UInt64 = 0

  /// - Parameter unlocks: for this many there is space: an intent and a result each.
  init(unlocks: Int) {
    size = Int64(max(0, unlocks)) * 2 * Int64(LedgerRecord.maxBytes)
  }

  /// Whether there is as much as there should be, ahead of this end of the file.
  func isComplete(at fileEnd: Int64) -> Bool {
    isSupported && end - fileEnd >= size
  }

  /// Whether an event of this claim may make the file longer, to `fileEnd`.
  func allows(_ claim: Claim, until fileEnd: Int64) -> Bool {
    guard isSupported, isDiskFull else { return true }
    switch claim {
    case .unlock: return true
    case .protect: return end - fileEnd >= size / 4
    case .ordinary: return end - fileEnd >= size
    }
  }

  /// Reserves what is missing ahead of the file's end once it is at `newEnd`. Never throws: what
  /// cannot be had is shown by `isComplete`.
  mutating func extend(
    from fileEnd: Int64, until newEnd: Int64, now: UInt64, storage: any LedgerStorage,
    force: Bool = false
  ) {
    guard isSupported, size > 0, end - newEnd < size else { return }
    // A boot later the clock begins again.
    guard force || now >= nextAttempt || nextAttempt - now > Self.pause else { return }
    nextAttempt = now + Self.pause
    do throws(SystemError) {
      let target = newEnd + size + Self.slack
      let known = max(end, fileEnd, try storage.allocated() - Self.overhead)
      let free = max(0, try storage.free())
      isDiskFull = free < Self.leastFree
      end = known
      let extended = min(target, known + (isDiskFull ? 0 : free / 2))
      guard extended > known else { return }
      try storage.reserve(from: fileEnd, length: extended - fileEnd)
      end = extended
      if extended == target { nextAttempt = 0 }
    } catch {
      if error.isNoReserve { isSupported = false }
      if error.isNoSpace { isDiskFull = true }
    }
  }

  /// The file was cut off here, and with that the reserve given back.
  mutating func reset(to fileEnd: Int64) {
    end = fileEnd
  }
}

extension LedgerEvent {
  /// What of the reserve the event may use: whoever is let in must be on record.
  var claim: Reserve.Claim {
    switch (event, phase) {
    case (Self.unprotect, .some): .unlock
    case (Self.protect, .result), (Self.protect, nil): .protect
    default: .ordinary
    }
  }
}
