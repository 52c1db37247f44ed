internal import AgentToken
internal import JSON
internal import LinkMessages
internal import NIOSSL
internal import Synchronization

/// Gets the link another certificate for its key once two thirds of the life of its own are over.
package final class Renewer: Sendable {
  private let directory: StateDirectory
  private let wire: HTTPWire
  private let now: @Sendable () -> Int64
  private let log: LinkLog
  private let state: Mutex<LinkState>
  private let complaints: Complaints

  /// - Parameter now: seconds since the epoch.
  package init(
    _ state: LinkState, in directory: StateDirectory, wire: HTTPWire, log: LinkLog,
    now: @escaping @Sendable () -> Int64
  ) {
    self.directory = directory
    self.wire = wire
    self.now = now
    self.log = log
    self.state = Mutex(state)
    complaints = Complaints(log: log)
  }

  /// To be called from time to time, one call after the other.
  package func renewIfDue(machine: String) async {
    do throws(Refusal) {
      try await renew(machine)
      complaints.done("renewal")
    } catch {
      complaints.say("renewal", error)
    }
  }

  private func renew(_ machine: String) async throws(Refusal) {
    var state = state.withLock { $0 }
    guard let certificate = try ServerTrust.certificates(state.certificate).first,
      Self.isDue(
        from: Int64(certificate.notValidBefore), to: Int64(certificate.notValidAfter), now: now())
    else { return }
    guard let key = LinkKey(pem: state.key) else {
      throw Refusal(
        .internalError, "The link's key cannot be read.", hint: "Enrol this host again.")
    }
    let body: JSON = ["csr": .string(try key.request())]
    let reply = try await wire.post(LinkPath.renew, .json, body.encodedBytes(), machine: machine)
    guard let renewed = reply["certificate"]?.string, key.isCertified(by: renewed) else {
      throw Refusal(.clusterMalformed, "The cluster answered with no certificate for our key.")
    }
    state.certificate = renewed
    let tls = try ServerTrust.configuration(
      authority: state.authority, certificate: state.certificate, key: state.key)
    try directory.store(state)
    self.state.withLock { $0 = state }
    // The connection there is stays: ending it would protect a host that was let go.
    wire.secure(tls)
    log(.information, "The link's certificate was renewed.")
  }

  static func isDue(from start: Int64, to end: Int64, now: Int64) -> Bool {
    now >= start + (end - start) / 3 * 2
  }
}
