internal import ControlSocket
internal import JSON
internal import Linux

/// How the link to the cluster stands, as the link says.
struct ClusterLink {
  /// The connection that said `up`; the link is up for as long as that is open.
  private(set) weak var holder: ControlConnection?
  /// Some connection said so since the daemon's start.
  private(set) var hasBeenUp = false
  /// When it came up or went down last, seconds since the epoch; nil before it did either.
  private(set) var since: Int64?
  private(set) var memory = Memory()
  var records = LinkRecords()
  /// When changes that were only counted go on record.
  var counting: EventSource?
  /// Connections whose end is waited for.
  var awaited: Set<ObjectIdentifier> = []
  /// What `memory` was when it was stored.
  private var stored = Memory()

  /// What outlives the daemon.
  struct Memory: Equatable {
    /// When the link was up last, seconds since the epoch.
    var lastContact: Int64?
    /// The cluster has kept every record of the ledger below this one.
    var acknowledged: Int64?
  }

  var isUp: Bool { holder != nil }

  mutating func up(_ connection: ControlConnection, at now: Int64) {
    holder?.isKept = false
    holder = connection
    // It is idle for long, and gives way to nobody.
    connection.isKept = true
    hasBeenUp = true
    (since, memory.lastContact) = (now, now)
  }

  mutating func down(at now: Int64) {
    holder?.isKept = false
    holder = nil
    (since, memory.lastContact) = (now, now)
  }

  mutating func acknowledge(_ sequence: Int64) { memory.acknowledged = sequence }

  /// The host is another cluster's from now on.
  mutating func forget() {
    holder?.isKept = false
    holder = nil
    (hasBeenUp, since, memory) = (false, nil, Memory())
  }
}

// MARK: On disk

extension ClusterLink {
  private static func path(_ directory: String) -> String { "\(directory)/contact.json" }

  /// - Parameter next: the number of the ledger's next record; none beyond it was ever acknowledged.
  mutating func load(_ directory: String, next: Int64) {
    guard let bytes = try? Files.read(Self.path(directory), limit: 4096),
      let json = try? JSON.parse(bytes)
    else { return }
    memory.lastContact = json["last_contact"]?.integer
    memory.acknowledged = json["acknowledged"]?.integer.flatMap {
      (0...next).contains($0) ? $0 : nil
    }
    stored = memory
  }

  /// Stores it where it is another than it was. Not synced: at worst the cluster is asked again, which
  /// knows better.
  mutating func save(_ directory: String, now: Int64) {
    if isUp { memory.lastContact = now }
    guard memory != stored else { return }
    stored = memory
    let json: JSON = [
      "last_contact": memory.lastContact.map(JSON.integer) ?? .null,
      "acknowledged": memory.acknowledged.map(JSON.integer) ?? .null,
    ]
    try? Files.writeAtomically(
      Self.path(directory), Array((json.encoded() + "\n").utf8), mode: 0o600, sync: false)
  }
}
