package import JSON

/// What a trust bundle takes back: keys, single tokens, and all that a key signed before a time.
package struct Revocations: Sendable, Equatable {
  package let kids: Set<String>
  package let jtis: Set<String>
  /// By `kid`: tokens with an earlier `iat` are revoked.
  package let before: [String: Int64]

  package static let none = Revocations(kids: [], jtis: [], before: [:])

  package init(kids: Set<String>, jtis: Set<String>, before: [String: Int64]) {
    self.kids = kids
    self.jtis = jtis
    self.before = before
  }

  /// From a bundle's `revoked` member, or a host's stored copy of one.
  ///
  /// - Throws: `bundle_malformed`: a member that is unknown or of a wrong shape.
  package init(_ value: JSON) throws(Refusal) {
    let reader = ClaimReader(part: "Revoked", code: .bundleMalformed)
    var fields = Fields()
    for member in try reader.object(value) { try fields.take(member, reader) }
    self = fields.revocations
  }

  /// What has been read so far. The parser has refused names that stand twice.
  struct Fields {
    private var kids: Set<String> = []
    private var jtis: Set<String> = []
    private var before: [String: Int64] = [:]

    var revocations: Revocations { Revocations(kids: kids, jtis: jtis, before: before) }

    mutating func take(_ member: JSON.Member, _ reader: ClaimReader) throws(Refusal) {
      switch member.name {
      case "kids": kids = Set(try reader.texts(member, .kid))
      case "jtis": jtis = Set(try reader.texts(member, .jti))
      case "before":
        for entry in try reader.members(member) {
          guard TextShape.kid.matches(entry.name) else {
            throw reader.wrong(member, "holds something that is not the kid of a key")
          }
          before[entry.name] = try reader.time(entry)
        }
      default: throw reader.unknown(member)
      }
    }
  }

  /// What either takes back: of two times, the later.
  package func union(_ other: Revocations) -> Revocations {
    Revocations(
      kids: kids.union(other.kids), jtis: jtis.union(other.jtis),
      before: before.merging(other.before) { max($0, $1) })
  }

  /// What of this is not in another.
  package func subtracting(_ other: Revocations) -> Revocations {
    Revocations(
      kids: kids.subtracting(other.kids), jtis: jtis.subtracting(other.jtis),
      before: before.filter { entry in other.before[entry.key].map { entry.value > $0 } ?? true })
  }

  /// How many things it takes back.
  package var count: Int { kids.count + jtis.count + before.count }

  /// As a bundle's `revoked` member, in an order that does not vary; what is empty is left out.
  package var json: JSON {
    var members: [JSON.Member] = []
    if !kids.isEmpty {
      members.append(.init(name: "kids", value: .array(kids.sorted().map { .string($0) })))
    }
    if !jtis.isEmpty {
      members.append(.init(name: "jtis", value: .array(jtis.sorted().map { .string($0) })))
    }
    if !before.isEmpty {
      let times = before.sorted { $0.key < $1.key }
      members.append(
        .init(
          name: "before",
          value: .object(times.map { .init(name: $0.key, value: .integer($0.value)) })))
    }
    return .object(members)
  }
}
