package import JSON

/// What a link says of its host.
package struct Report: Sendable, Equatable {
  /// What tells this machine from a copy of it: a hash.
  package var machine: String
  package var hostname: String
  /// holdfastd's reply to `status`.
  package var status: JSON
  /// Its reply to `doctor`, where it is not what it was last time.
  package var doctor: JSON?
  /// A signed note over the ledger (C2SP tlog-checkpoint).
  package var checkpoint: String?
  /// A challenge that the cluster may answer with the signed time.
  package var nonce: String?
  /// The number that the ledger's next record will have, as holdfastd says it.
  package var next: Int64?

  package init(
    machine: String, hostname: String, status: JSON, doctor: JSON? = nil,
    checkpoint: String? = nil, nonce: String? = nil, next: Int64? = nil
  ) {
    self.machine = machine
    self.hostname = hostname
    self.status = status
    self.doctor = doctor
    self.checkpoint = checkpoint
    self.nonce = nonce
    self.next = next
  }

  package var json: JSON {
    var members: [JSON.Member] = [
      .init(name: "machine", value: .string(machine)),
      .init(name: "hostname", value: .string(hostname)),
      .init(name: "status", value: status),
    ]
    if let doctor { members.append(.init(name: "doctor", value: doctor)) }
    if let checkpoint { members.append(.init(name: "checkpoint", value: .string(checkpoint))) }
    if let nonce { members.append(.init(name: "nonce", value: .string(nonce))) }
    if let next { members.append(.init(name: "next", value: .integer(next))) }
    return .object(members)
  }

  /// - Returns: nil where a member that is needed is missing or of another kind.
  package init?(_ json: JSON) {
    guard let machine = json["machine"]?.string, (1...128).contains(machine.utf8.count),
      let hostname = json["hostname"]?.string, hostname.utf8.count <= 255,
      let status = json["status"], status.members != nil
    else { return nil }
    self.init(
      machine: machine, hostname: hostname, status: status, doctor: json["doctor"],
      checkpoint: json["checkpoint"]?.string, nonce: json["nonce"]?.string,
      next: json["next"]?.integer)
  }
}
