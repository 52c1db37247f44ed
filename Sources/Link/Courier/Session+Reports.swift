internal import AgentToken
internal import JSON
internal import LinkMessages
internal import Linux
internal import Synchronization

extension Session {
  /// Seconds between two reports, and before one that failed is tried again.
  private static let pace: Int64 = 1
  private static let patience: Int64 = 20

  /// Reports whenever it is rung, never two at once.
  func reportWhenRung() async throws {
    for await _ in reports.rings {
      var wait = Self.pace
      do throws(Refusal) {
        try await report()
        complaints.done("report")
      } catch {
        if error.code == .bundleBehind {
          await giveBundle()
        } else {
          complaints.say("report", error)
        }
        wait = Self.patience
        reports.ring()
      }
      try await courier.pause(.seconds(wait))
    }
  }

  private func report() async throws(Refusal) {
    // It rings when it is so.
    guard let standing = standing.withLock({ $0 }) else { return }
    var report = Report(
      machine: machine, hostname: courier.host.hostname,
      status: try await courier.host.ask("status"),
      nonce: standing.nonce, next: standing.next)
    report.checkpoint = (try? await courier.host.ask("checkpoint"))?["checkpoint"]?.string
    var doctor: [UInt8]?
    if memory.isDoctorDue(), let reply = try? await courier.host.ask("doctor") {
      let hash = SHA256Hash.of(reply.encodedBytes())
      if !memory.hasReported(hash) {
        report.doctor = reply
        doctor = hash
      }
    }
    var body = report.json.encodedBytes()
    if body.count > LinkLimits.report, report.doctor != nil {
      report.doctor = nil
      doctor = nil
      body = report.json.encodedBytes()
    }
    guard body.count <= LinkLimits.report else {
      throw Refusal(.internalError, "The host's status is too long for a report.")
    }
    _ = try await post(LinkPath.report, .json, body)
    if let doctor { memory.reported(doctor) }
    // A nonce is good for one answer.
    self.standing.withLock { if $0?.nonce == standing.nonce { $0?.nonce = nil } }
  }
}
