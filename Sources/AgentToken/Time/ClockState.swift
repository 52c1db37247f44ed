package import JSON

/// What is known of the time, as it is kept over restarts and reboots.
package struct ClockState: Sendable, Equatable {
  /// Why the wall clock is not believed. It lasts until something says otherwise, over reboots too.
  package enum Suspicion: String, Sendable, Equatable {
    /// It shows less than is known to have passed.
    case rolledBack = "rolled_back"
    /// What was known is gone.
    case stateMissing = "state_missing"
    /// What was known was known of another machine: this is a copy, or an older self.
    case otherMachine = "other_machine"
  }

  /// From where CLOCK_BOOTTIME counts on.
  package struct Anchor: Sendable, Equatable {
    package let bootID: String
    /// When that boot began, microseconds since the epoch.
    package var start: Int64
  }

  /// The trust bundle that was last in force.
  package struct Bundle: Sendable, Equatable {
    package let sequence: Int64
    /// Seconds since the epoch.
    package let issuedAt: Int64

    package init(sequence: Int64, issuedAt: Int64) {
      self.sequence = sequence
      self.issuedAt = issuedAt
    }
  }

  /// S: the highest trusted time there was, seconds since the epoch.
  package var softFloor: Int64
  /// The bundle's part of H.
  package var bundle: Bundle?
  /// The part of H that accepted tokens and other signed words have.
  package var tokenFloor: Int64
  package var anchor: Anchor?
  package var suspicion: Suspicion?
  /// A signature told the time when the wall clock was far from it: until that is near again, it
  /// counts for nothing but in `TrustedTime.now`.
  package var isDisowned: Bool

  /// Of a host that enrols: nothing is known yet, and nothing is missing.
  package init(bundle: Bundle?) {
    self.init(softFloor: 0, bundle: bundle, tokenFloor: 0)
  }

  /// Of an enrolled host whose state is gone.
  ///
  /// - Parameters:
  ///   - softFloor: what is known of S from elsewhere.
  ///   - hardFloor: what is known of H from elsewhere.
  package static func missing(softFloor: Int64, hardFloor: Int64) -> ClockState {
    var state = ClockState(softFloor: softFloor, bundle: nil, tokenFloor: hardFloor)
    state.suspicion = .stateMissing
    return state
  }

  private init(softFloor: Int64, bundle: Bundle?, tokenFloor: Int64) {
    self.softFloor = softFloor
    self.bundle = bundle
    self.tokenFloor = tokenFloor
    isDisowned = false
  }

  static func seconds(_ microseconds: Int64) -> Int64 {
    let (seconds, rest) = microseconds.quotientAndRemainder(dividingBy: 1_000_000)
    return rest < 0 ? seconds - 1 : seconds
  }
}

extension ClockState {
  package var json: JSON {
    [
      "soft": .integer(softFloor),
      "bundle": bundle.map {
        ["seq": .integer($0.sequence), "iat": .integer($0.issuedAt)]
      } ?? .null,
      "tokens": .integer(tokenFloor),
      "anchor": anchor.map {
        ["boot_id": .string($0.bootID), "start": .integer($0.start)]
      } ?? .null,
      "suspicion": suspicion.map { .string($0.rawValue) } ?? .null,
      "disowned": .bool(isDisowned),
    ]
  }

  /// Nil where it is not what `json` makes: then it counts as missing.
  package init?(json: JSON) {
    guard let soft = json["soft"]?.integer, let tokens = json["tokens"]?.integer,
      let disowned = json["disowned"]?.bool, let bundle = json["bundle"],
      let anchor = json["anchor"], let suspicion = json["suspicion"],
      Timestamp.range.contains(soft), Timestamp.range.contains(tokens)
    else { return nil }
    self.init(softFloor: soft, bundle: nil, tokenFloor: tokens)
    isDisowned = disowned
    if bundle != .null {
      guard let sequence = bundle["seq"]?.integer, let issuedAt = bundle["iat"]?.integer,
        Timestamp.range.contains(issuedAt)
      else { return nil }
      self.bundle = Bundle(sequence: sequence, issuedAt: issuedAt)
    }
    if anchor != .null {
      guard let bootID = anchor["boot_id"]?.string, let start = anchor["start"]?.integer,
        Self.starts.contains(start)
      else { return nil }
      self.anchor = Anchor(bootID: bootID, start: start)
    }
    if suspicion != .null {
      guard let found = suspicion.string.flatMap(Suspicion.init(rawValue:)) else { return nil }
      self.suspicion = found
    }
  }

  /// When a boot can have begun: within what signatures can say, in microseconds.
  private static var starts: ClosedRange<Int64> {
    let end = Timestamp.range.upperBound * 1_000_000
    return -end...end
  }
}
