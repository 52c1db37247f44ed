internal import AgentToken
internal import JSON
internal import Ledger
internal import Linux

/// Follows a ledger record by record from where it is known, and finds what does not follow.
///
/// Each record says the root over all lines before it, so what was changed, removed or put in shows at
/// the record behind it. What is found is told once: from there on the tree is not known, records are
/// taken by their numbers alone, and the next `segment`, which has the tree in it, is where the check
/// begins again. So no records are lost to who looks into what happened.
struct LedgerCheck {
  /// A token that the ledger says was used.
  struct Spent: Equatable {
    let jti: String
    let at: Int64
    let record: Int64
  }

  struct Finding: Equatable {
    let kind: Alarm.Kind
    let message: String
  }

  private(set) var position: LedgerPosition
  private(set) var lines: [LedgerLine] = []
  private(set) var spent: [Spent] = []
  private(set) var findings: [Finding] = []

  private let cluster: String
  private let agent: String
  /// nil where it is not known.
  private var tree: MerkleTree?

  init(from position: LedgerPosition, cluster: String, agent: String) {
    self.position = position
    self.cluster = cluster
    self.agent = agent
    tree = MerkleTree(size: position.lines, peaks: position.peaks)
  }

  /// The name of the key that signs the agent's checkpoints.
  static func origin(cluster: String, agent: String) -> String { "holdfast/\(cluster)/\(agent)" }

  /// Takes a record behind all that were taken.
  mutating func take(_ record: ReceivedRecord) {
    checkNumber(record)
    checkHead(record)
    lines.append(record.line)
    if var grown = tree {
      grown.append(leaf: record.bytes.span)
      tree = grown
    }
    position.size = record.sequence
    position.lines = tree?.size ?? max(position.lines, 1)
    position.peaks = tree?.peaks ?? []
    readKey(record)
    readToken(record)
  }

  private mutating func checkNumber(_ record: ReceivedRecord) {
    let wanted = position.size + 1
    guard record.sequence > wanted else { return }
    let missing =
      record.sequence == wanted + 1
      ? "Record \(wanted) is" : "Records \(wanted) to \(record.sequence - 1) are"
    find(
      .ledgerGap,
      "\(missing) missing in the ledger of \(agent): it goes on with record \(record.sequence). "
        + "Its disk budget may have taken them before they were sent, or somebody removed them.")
  }

  private mutating func checkHead(_ record: ReceivedRecord) {
    let head = record.json["head"]?.string
    if let known = tree, known.rootText == head { return }
    let isGap = record.sequence > position.size + 1
    // A file of the ledger that begins says where the tree is.
    let start = SegmentStart(record.json)?.tree
    if tree != nil, !isGap {
      find(
        .ledgerFork,
        "The ledger of \(agent) goes on with record \(record.sequence) from something else than "
          + "what it had sent: a record before it was changed, or the host was set back to an "
          + "earlier state.")
    }
    tree = start.flatMap { $0.rootText == head ? $0 : nil }
  }

  /// The first key of that name is the agent's for good.
  private mutating func readKey(_ record: ReceivedRecord) {
    guard record.event == LedgerEvent.key, let text = record.json["key"]?.string,
      let key = CheckpointKey(text: text),
      key.name == Self.origin(cluster: cluster, agent: agent)
    else { return }
    if let known = position.key, known != text {
      find(
        .ledgerFork,
        "Record \(record.sequence) in the ledger of \(agent) names another key than its first one: "
          + "that is another host's ledger, or a forgery.")
    }
    position.key = position.key ?? text
  }

  private mutating func readToken(_ record: ReceivedRecord) {
    guard record.event == LedgerEvent.unprotect,
      record.json["phase"]?.string == LedgerEvent.Phase.intent.rawValue,
      let jti = record.json["jti"]?.string, jti.utf8.count <= 64,
      // A host may have been another cluster's before.
      record.json["iss"]?.string == cluster
    else { return }
    spent.append(Spent(jti: jti, at: record.time, record: record.sequence))
  }

  private mutating func find(_ kind: Alarm.Kind, _ message: String) {
    findings.append(Finding(kind: kind, message: message))
  }
}
