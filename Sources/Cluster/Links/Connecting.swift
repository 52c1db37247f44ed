package import AgentToken
internal import Issuing
internal import LinkMessages

extension ControlPlane {
  /// A new link of an agent, with its first lines in it: the hello, then what the agent lacks.
  ///
  /// - Throws: `agent_unknown` where it is retired.
  package func connect(_ agent: AgentRecord) async throws(Refusal) -> AgentLink {
    // Before anything is looked up, so that nothing is missed that is said to all meanwhile.
    let link = hub.attach(agent.id)
    do throws(Refusal) {
      let (next, lines) = try await welcome(agent.id, link)
      link.open(lines, next: next)
      return link
    } catch {
      hub.detach(link, at: now())
      throw error
    }
  }

  /// To be called once with each link that `connect` made.
  package func disconnect(_ link: AgentLink) { hub.detach(link, at: now()) }

  private func welcome(
    _ id: String, _ link: AgentLink
  ) async throws(Refusal) -> (next: Int64, lines: [Downward]) {
    guard let agent = try await store.agent(id), agent.state != .retired else {
      throw Refusal(
        .agentUnknown, "This agent is not one of this cluster any more.",
        hint: "Enrol the host again with a registration token.")
    }
    let next = agent.ledger.size + 1
    var lines: [Downward] = [.hello(cluster: cluster, now: now(), next: next)]
    do throws(Refusal) {
      lines += try trust().missing(from: agent.report)
      // The last report may be older than what the agent has taken since: the next one will tell.
      if let profile = try await profileDue(for: id, report: nil, on: link) {
        lines.append(profile)
      }
    } catch {
      // Being connected is worth more than being up to date.
      hub.note(error)
    }
    return (next, lines)
  }

  /// The trust of today.
  func trust() throws(Refusal) -> CurrentTrust {
    CurrentTrust(
      signer: signer, bundle: try signer.bundle().sequence, revocations: try signer.revocations())
  }

  /// Says several things to one agent.
  func say(_ messages: [Downward], to agent: String) {
    for message in messages { hub.push(message, to: [agent]) }
  }
}

/// What a cluster's agents are to trust, read from the issuer's files once.
struct CurrentTrust: Sendable {
  let signer: OnlineSigner
  /// The sequence of the trust bundle in force.
  let bundle: Int64
  /// The last list; nil where none was signed.
  var revocations: (sequence: Int64, text: String)?

  /// What takes an agent to it: trust bundles, then the list of revocations.
  ///
  /// - Parameter report: its last one; without, it has what it enrolled with.
  func missing(from report: AgentReport?) throws(Refusal) -> [Downward] {
    var lines: [Downward] = []
    if let report, report.bundleSequence < bundle {
      for bundle in try signer.chain(from: report.bundleSequence) {
        lines.append(.artefact(.bundle, jws: bundle.jws))
      }
    }
    if let revocations, revocations.sequence > report?.revocationsSequence ?? 0 {
      lines.append(.artefact(.revocations, jws: revocations.text))
    }
    return lines
  }
}
