internal import JSON
internal import Ledger

/// What the vital part of the state was when it was last written, kept beside each copy of it and,
/// for this boot, with PID 1. Two copies differ in their generation or in their files; which one
/// counts, and what was lost, is read from here.
struct Seal: Sendable, Equatable {
  /// One higher with every writing.
  var generation: Int64 = 0
  /// SHA-256 of each file, by its name below the directory.
  var files: [String: String] = [:]
  var trust: TrustMark?
  /// Where the ledger stood when it was last known to be on the disk.
  var head: LedgerHead?
  /// The tokens that were spent last, for when the ledger is lost.
  var spent: [SpentToken] = []

  /// More are in the ledger.
  static let spentLimit = 64
}

/// Whom this host belongs to, in short: what an older copy must not bring back unnoticed.
struct TrustMark: Sendable, Equatable {
  /// Cluster, tenant, agent, enrolment and root, hashed.
  var identity: String
  /// The trust bundle's sequence.
  var bundle: Int64
  /// The sequence of the last list of revocations, and the highest version of a profile; 0 for none.
  var revocations: Int64 = 0
  var profile: Int64 = 0
}

extension Seal {
  /// Takes in what another seal knows: the later of what only grows.
  mutating func learn(from other: Seal) {
    if let their = other.head, their.sequence > head?.sequence ?? 0 { head = their }
    for token in other.spent { add(token) }
  }

  mutating func add(_ token: SpentToken) {
    guard !spent.contains(where: { $0.issuer == token.issuer && $0.jti == token.jti }) else {
      return
    }
    spent.append(token)
    spent.sort { $0.record < $1.record }
    spent.removeFirst(max(0, spent.count - Self.spentLimit))
  }
}

extension Seal {
  var json: JSON {
    [
      "generation": .integer(generation),
      "files": .object(
        files.sorted { $0.key < $1.key }.map { .init(name: $0.key, value: .string($0.value)) }),
      "trust": trust.map {
        [
          "identity": .string($0.identity), "bundle": .integer($0.bundle),
          "revocations": .integer($0.revocations), "profile": .integer($0.profile),
        ]
      } ?? .null,
      "head": head?.json ?? .null,
      "spent": .array(
        spent.map {
          [
            "iss": .string($0.issuer), "jti": .string($0.jti), "at": .integer($0.at),
            "record": .integer($0.record), "exp": $0.expires.map(JSON.integer) ?? .null,
          ]
        }),
    ]
  }

  init?(json: JSON) {
    guard let generation = json["generation"]?.integer, let files = json["files"]?.members,
      let spent = json["spent"]?.array
    else { return nil }
    self.generation = generation
    for file in files {
      guard let hash = file.value.string else { return nil }
      self.files[file.name] = hash
    }
    if let identity = json["trust"]?["identity"]?.string,
      let bundle = json["trust"]?["bundle"]?.integer
    {
      trust = TrustMark(
        identity: identity, bundle: bundle,
        revocations: json["trust"]?["revocations"]?.integer ?? 0,
        profile: json["trust"]?["profile"]?.integer ?? 0)
    }
    head = json["head"].flatMap(LedgerHead.init(json:))
    for token in spent {
      guard let issuer = token["iss"]?.string, let jti = token["jti"]?.string,
        let at = token["at"]?.integer, let record = token["record"]?.integer
      else { return nil }
      self.spent.append(
        SpentToken(
          issuer: issuer, jti: jti, at: at, record: record, expires: token["exp"]?.integer))
    }
  }
}

extension LedgerHead {
  var json: JSON { ["seq": .integer(sequence), "size": .integer(size), "root": .string(root)] }

  init?(json: JSON) {
    guard let sequence = json["seq"]?.integer, let size = json["size"]?.integer,
      let root = json["root"]?.string
    else { return nil }
    self.init(sequence: sequence, size: size, root: root)
  }
}
