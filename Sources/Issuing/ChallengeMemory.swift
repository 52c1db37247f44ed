package import AgentToken
internal import JSON
internal import Linux

/// What a challenge says that makes one doubt its host.
package enum ChallengeWarning: Sendable, Equatable {
  /// The ledger is shorter than it was.
  case wentBack(size: Int64, earlier: Int64, at: Int64)
  /// The ledger is as long as it was, and another one.
  case otherLedger(size: Int64, at: Int64)
  /// What was known of the host cannot be read any more.
  case damaged(path: String)
  /// What this challenge says will not be known next time.
  case notRemembered(reason: String)
}

/// What the issuer knows of hosts' ledgers from their challenges: `hosts/ID.json`, one file for each
/// host, the ID a hash of its tenant and name.
///
/// A clone, a restored snapshot and a reverted virtual machine have a ledger that went back, or
/// another one of the same length, and nobody on the host could tell.
struct ChallengeMemory {
  let directory: String

  var path: String { "\(directory)/hosts" }

  struct Sighting: Equatable {
    /// Seconds since the epoch, by this machine's clock.
    let at: Int64
    let size: Int64
    /// As far as a challenge says it, in hexadecimal.
    let head: String
  }

  /// The most that is kept of one host; the longest ledger seen always is.
  private static let most = 64
  private static let largestFile = 64 << 10

  func file(of host: Identity) -> String {
    // Ids have no line feed in them.
    let id = SHA256Hash.of(Array("\(host.tenant)\n\(host.agent)".utf8))
    return "\(path)/\(Hex.encode(id.prefix(16))).json"
  }

  /// What is known of a host, the oldest first; none where it was never seen, nil where that cannot
  /// be read.
  func sightings(of host: Identity) -> [Sighting]? {
    guard Files.exists(file(of: host)) else { return [] }
    guard let bytes = try? Files.read(file(of: host), limit: Self.largestFile),
      let seen = (try? JSON.parse(bytes))?["seen"]?.array
    else { return nil }
    var sightings: [Sighting] = []
    for json in seen {
      guard let at = json["at"]?.integer, let size = json["size"]?.integer,
        let head = json["head"]?.string
      else { return nil }
      sightings.append(Sighting(at: at, size: size, head: head))
    }
    return sightings
  }

  /// What speaks against it that the same ledger went on since then.
  static func compare(_ new: Sighting, with known: [Sighting]) -> [ChallengeWarning] {
    // The last of those there are: when it was still in order.
    if let longest = known.last(where: { $0.size > new.size }) {
      return [.wentBack(size: new.size, earlier: longest.size, at: longest.at)]
    }
    if let other = known.last(where: { $0.size == new.size && $0.head != new.head }) {
      return [.otherLedger(size: new.size, at: other.at)]
    }
    return []
  }

  func store(_ host: Identity, _ sightings: [Sighting]) throws(Refusal) {
    var kept = sightings
    while kept.count > Self.most {
      let longest = kept.indices.max { kept[$0].size < kept[$1].size }
      kept.remove(at: longest == 0 ? 1 : 0)
    }
    let json: JSON = [
      "tenant": .string(host.tenant), "agent": .string(host.agent),
      "seen": .array(
        kept.map {
          ["at": .integer($0.at), "size": .integer($0.size), "head": .string($0.head)]
        }),
    ]
    do {
      if try Files.status(path) == nil {
        try Files.makeDirectory(path, mode: 0o755, parents: false)
        try Files.syncDirectory(directory)
      }
      try Files.writeAtomically(
        file(of: host), Array((json.encoded() + "\n").utf8), mode: 0o644)
    } catch {
      throw Refusal(error, "write \(file(of: host))")
    }
  }
}

extension Issuer {
  /// Compares what a challenge says with what is known of its host, and remembers it. Nothing here
  /// keeps a token from being issued: who is locked out must get in.
  ///
  /// - Parameter reinstalled: somebody vouches for it that the host has begun a new ledger.
  package func remember(
    _ challenge: ChallengeText, reinstalled: Bool, waiting: () -> Void = {}
  ) -> [ChallengeWarning] {
    let memory = ChallengeMemory(directory: directory)
    let host = challenge.identity
    let new = ChallengeMemory.Sighting(
      at: surroundings.now(), size: challenge.ledgerSize, head: Hex.encode(challenge.ledgerHead))
    var warnings: [ChallengeWarning] = []
    do throws(Refusal) {
      try DirectoryLock.hold(directory, waiting: waiting) { () throws(Refusal) in
        var known: [ChallengeMemory.Sighting] = []
        if !reinstalled {
          let found = memory.sightings(of: host)
          if found == nil { warnings.append(.damaged(path: memory.file(of: host))) }
          known = found ?? []
        }
        warnings += ChallengeMemory.compare(new, with: known)
        if known.last.map({ $0.size != new.size || $0.head != new.head }) ?? true {
          known.append(new)
        }
        try memory.store(host, known)
      }
    } catch {
      warnings.append(.notRemembered(reason: error.message))
    }
    return warnings
  }
}
