internal import AgentToken
internal import JSON
internal import LinkMessages
internal import Synchronization

extension Session {
  /// Sends the ledger's records, in their order and each at least once, and tells holdfastd what the
  /// cluster has kept.
  ///
  /// - Parameter first: the sequence that the cluster wants next.
  func sendRecords(from first: Int64) async throws {
    var next = first
    // A ledger that is shorter than what the cluster has seen of it takes no such word for it.
    _ = try? await courier.host.ask("ack \(next)")
    for await _ in records.rings {
      do throws(Refusal) {
        while try await sendBatch(&next) {}
        complaints.done("ledger")
      } catch {
        complaints.say("ledger", error)
      }
    }
  }

  /// - Returns: whether there may be more.
  private func sendBatch(_ next: inout Int64) async throws(Refusal) -> Bool {
    let batch = try await courier.host.records(since: next)
    guard batch.count > 0, !Task.isCancelled else { return false }
    standing.withLock { if let known = $0?.next { $0?.next = max(known, batch.next) } }
    let reply = try await post(LinkPath.ledger, .lines, batch.lines)
    guard let acknowledged = reply["acknowledged"]?.integer, (0...batch.next).contains(acknowledged)
    else {
      throw Refusal(.clusterMalformed, "The cluster acknowledged records that it was not sent.")
    }
    let progress = acknowledged > next
    next = acknowledged
    _ = try await courier.host.ask("ack \(acknowledged)")
    return progress
  }
}
