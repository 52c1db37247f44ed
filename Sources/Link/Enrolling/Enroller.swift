package import AgentToken
package import JSON
package import LinkMessages
package import NIOCore
internal import NIOPosix
internal import NIOSSL

/// Enrols a host with a cluster.
package struct Enroller: Sendable {
  package var endpoint: Endpoint
  package var proxy: ProxySettings?
  package var token: RegistrationTokenText
  /// What the server's certificate must lead to, as PEM; without it the token's fingerprint tells.
  package var authority: String?
  package var agent: String
  package var hostname: String
  package var machine: String
  package var version: String

  package init(
    endpoint: Endpoint, proxy: ProxySettings?, token: RegistrationTokenText, authority: String?,
    agent: String, hostname: String, machine: String, version: String
  ) {
    self.endpoint = endpoint
    self.proxy = proxy
    self.token = token
    self.authority = authority
    self.agent = agent
    self.hostname = hostname
    self.machine = machine
    self.version = version
  }

  /// As below, with a thread of its own.
  package func enrol(in directory: StateDirectory) async throws(Refusal) -> EnrolmentReply {
    let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    do throws(Refusal) {
      let reply = try await enrol(in: directory, group: group)
      try? await group.shutdownGracefully()
      return reply
    } catch {
      try? await group.shutdownGracefully()
      throw error
    }
  }

  /// Enrols, and writes down what the link needs; on a refusal all is as it was, but for the key that
  /// the same token is shown with next time.
  ///
  /// - Returns: what the command hands to holdfastd.
  package func enrol(
    in directory: StateDirectory, group: any EventLoopGroup
  ) async throws(Refusal) -> EnrolmentReply {
    let lock = try directory.lock()
    defer { withExtendedLifetime(lock) {} }
    let trusted = try await trustedAuthorities(group)
    let key = try directory.pendingKey(for: endpoint, secret: token.secret)
    let request = EnrolmentRequest(
      token: token.secret, csr: try key.request(), agent: agent, hostname: hostname,
      machine: machine, version: version)

    let json = try await onWire(ServerTrust.configuration(authorities: trusted), group) {
      wire throws(Refusal) in
      try await wire.post(LinkPath.enroll, .json, request.json.encodedBytes(), machine: nil)
    }
    guard let reply = EnrolmentReply(json), key.isCertified(by: reply.certificate),
      let identity = try? Identity(
        cluster: reply.cluster, tenant: reply.tenant, agent: reply.agent)
    else {
      throw Refusal(.clusterMalformed, "The cluster's answer makes no sense.")
    }
    let state = LinkState(
      endpoint: endpoint, identity: identity, authority: reply.authority,
      certificate: reply.certificate, key: key.pem)
    // As the link will use it.
    _ = try ServerTrust.configuration(
      authority: state.authority, certificate: state.certificate, key: state.key)
    try directory.store(state, bundle: reply.bundle)
    return reply
  }

  /// - Throws: `cluster_untrusted` where nothing says whom to trust, or the server shows another
  ///   authority than the token is for.
  private func trustedAuthorities(
    _ group: any EventLoopGroup
  ) async throws(Refusal) -> [NIOSSLCertificate] {
    if let authority { return try ServerTrust.certificates(authority) }
    guard let fingerprint = token.fingerprint else {
      throw Refusal(
        .clusterUntrusted, "Nothing says how to know that \(endpoint.text) is the right cluster.",
        hint:
          "Use the whole registration token, with the fingerprint after its dot, or name a file "
          + "with the cluster's authority: --ca FILE")
    }
    let pem = try await onWire(ServerTrust.unverified, group) { wire throws(Refusal) in
      try await wire.get(LinkPath.authority)
    }
    let shown = (try? ServerTrust.certificates(pem)) ?? []
    guard let authority = shown.first(where: { ServerTrust.fingerprint($0) == fingerprint }) else {
      throw Refusal(
        .clusterUntrusted,
        "The authority that \(endpoint.text) shows is not the one that the registration token is for.",
        hint:
          "Ask for the cluster's address and a new registration token; somebody may be in between."
      )
    }
    return [authority]
  }

  private func onWire<Result: Sendable>(
    _ tls: TLSConfiguration, _ group: any EventLoopGroup,
    _ body: (HTTPWire) async throws(Refusal) -> Result
  ) async throws(Refusal) -> Result {
    let wire = HTTPWire(endpoint: endpoint, proxy: proxy, tls: tls, group: group)
    do throws(Refusal) {
      let result = try await body(wire)
      await wire.close()
      return result
    } catch {
      await wire.close()
      throw error
    }
  }
}

extension EnrolmentReply {
  /// What `holdfast-link enroll` prints.
  package var output: JSON {
    [
      "cluster": .string(cluster), "tenant": .string(tenant), "agent": .string(agent),
      "enrolment": forDaemon,
    ]
  }
}
