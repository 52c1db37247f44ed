internal import JSON

/// An event as it is written: one line of JSON.
struct LedgerRecord {
  /// A record with its line feed has at most this many bytes, so that the reserve is enough.
  static let maxBytes = 4096

  let sequence: Int64
  let event: LedgerEvent
  /// How many refusals the record stands for, and when the last one was.
  var folded: (count: Int64, last: Int64)?
  /// What happened to the ledger itself since the last record.
  var news = LedgerNews()
  /// The root over every line before it: `MerkleTree.rootText`.
  let head: String

  /// The line with its line feed. What is too long is cut, and details that do not fit are named
  /// in `omitted`.
  func line() -> [UInt8] {
    var details = event.details.map(Self.renamed)
    var omitted: [JSON] = []
    while true {
      var members = base + details
      if !omitted.isEmpty { members.append(member("omitted", .array(omitted))) }
      members += news.members
      members.append(member("head", .string(head)))
      var line = JSON.object(members).encodedBytes()
      line.append(UInt8(ascii: "\n"))
      guard line.count > Self.maxBytes, let last = details.popLast() else { return line }
      omitted.append(.string(Self.cut(last.name, to: 64)))
    }
  }

  /// The members that every record has, and those that the event has.
  private var base: [JSON.Member] {
    var members = [
      member("seq", .integer(sequence)), member("time", .integer(event.wall)),
      member("boottime", .integer(Int64(event.boottime / 1_000_000))),
      member("boot_id", text(event.bootID)), member("event", text(event.event)),
    ]
    if let phase = event.phase { members.append(member("phase", .string(phase.rawValue))) }
    members.append(member("peer", event.peer.map(Self.json) ?? .null))
    if let iss = event.iss { members.append(member("iss", text(iss))) }
    members.append(member("kid", event.kid.map(text) ?? .null))
    members.append(member("jti", event.jti.map(text) ?? .null))
    if let exp = event.exp { members.append(member("exp", .integer(exp))) }
    members += [member("outcome", text(event.outcome)), member("clock", text(event.clock))]
    if let floor = event.floor {
      members.append(member("floor", [.integer(floor.soft), .integer(floor.hard)]))
    }
    if let folded {
      members.append(member("count", .integer(folded.count)))
      if folded.count > 1 { members.append(member("last", .integer(folded.last))) }
    }
    return members
  }

  private static func json(_ peer: LedgerPeer) -> JSON {
    .object([
      member("pid", .integer(Int64(peer.pid))), member("uid", .integer(Int64(peer.uid))),
      member("gid", .integer(Int64(peer.gid))),
      member("loginuid", peer.loginuid.map { .integer(Int64($0)) } ?? .null),
      member("tty", peer.tty.map { .string(cut($0, to: 64)) } ?? .null),
      member("exe", peer.exe.map { .string(cut($0, to: 256)) } ?? .null),
      member(
        "parent",
        peer.parent.map { parent in
          [
            "pid": .integer(Int64(parent.pid)),
            "exe": parent.exe.map { .string(cut($0, to: 256)) } ?? .null,
          ]
        } ?? .null),
    ])
  }

  private func text(_ text: String) -> JSON { .string(Self.cut(text, to: 128)) }

  /// A text of at most this many bytes, cut between characters.
  private static func cut(_ text: String, to limit: Int) -> String {
    if text.utf8.count <= limit { return text }
    var result = ""
    var count = 0
    for scalar in text.unicodeScalars {
      count += UTF8.width(scalar)
      if count > limit - 3 { break }
      result.unicodeScalars.append(scalar)
    }
    return result + "…"
  }

  /// No detail stands in for a member of our own.
  private static func renamed(_ detail: JSON.Member) -> JSON.Member {
    reserved.contains(detail.name) ? member("_\(detail.name)", detail.value) : detail
  }

  private static let reserved: Set<String> = [
    "seq", "time", "boottime", "boot_id", "event", "phase", "peer", "iss", "kid", "jti", "exp",
    "outcome", "clock", "floor", "count", "last", "omitted", "dropped", "missing", "put_back",
    "head",
  ]
}

/// What happened to the ledger itself; told in the next record.
struct LedgerNews: Equatable {
  /// Events that could not be recorded.
  var dropped: Int64 = 0
  /// Bytes that somebody else cut off the file.
  var missing: Int64 = 0
  /// Whether the file had been removed or replaced, and was put back.
  var putBack = false

  fileprivate var members: [JSON.Member] {
    var members: [JSON.Member] = []
    if dropped > 0 { members.append(member("dropped", .integer(dropped))) }
    if missing > 0 { members.append(member("missing", .integer(missing))) }
    if putBack { members.append(member("put_back", .bool(true))) }
    return members
  }
}

private func member(_ name: String, _ value: JSON) -> JSON.Member {
  JSON.Member(name: name, value: value)
}
