package import AgentToken
internal import JSON

extension Issuer {
  /// What a challenge asks for: a token for its host alone, as far as a key here may sign one, else
  /// for its tenant. Only that host knows the nonce, so neither opens another one.
  ///
  /// - Parameters:
  ///   - wish: everything but whom it is for.
  ///   - scope: nil for the narrowest.
  /// - Throws: `wrong_cluster`, and what `issue` would.
  package func request(
    answering challenge: ChallengeText, scope: Scope?, wish: (Scope) -> TokenRequest
  ) throws(Refusal) -> TokenRequest {
    let cluster = try bundle().cluster
    let host = challenge.identity
    guard host.cluster == cluster else {
      throw Refusal(
        .wrongCluster,
        "the challenge comes from a host of the cluster \(host.cluster.quoted()), this issuer is "
          + "for \(cluster.quoted())",
        hint: "Name the directory of the other issuer with --dir.")
    }
    func request(_ scope: Scope) -> TokenRequest {
      var request = wish(scope)
      request.nonce = challenge.nonce
      request.tenant = scope == .cluster ? nil : host.tenant
      request.agent = scope == .agent ? host.agent : nil
      return request
    }
    if let scope { return request(scope) }
    let narrow = request(.agent)
    do throws(Refusal) {
      try check(narrow)
      return narrow
    } catch {
      let wider = request(.tenant)
      guard (try? check(wider)) != nil else { throw error }
      return wider
    }
  }
}
