internal import AgentToken
internal import ArgumentParser
internal import Issuing
internal import JSON
internal import Linux

struct TokenIssue: IssuerCommand {
  static let configuration = CommandConfiguration(
    commandName: "issue",
    abstract: "Sign an agent token, and print it.",
    discussion: """
      Standard output gets the token and nothing else. Who it is for and until when it is good is \
      said on standard error, so this works:

        holdfast-cluster token issue --scope tenant --tenant retail > token.txt

      A challenge (`holdfast challenge` on a host) says who it is for; the token then opens that \
      host only, whatever its clock says:

        holdfast-cluster token issue --challenge -
      """)

  @OptionGroup var options: IssuerOptions
  @OptionGroup var signing: PassphraseOptions

  @Option(
    name: .long,
    help: ArgumentHelp(
      "What it opens: every host of the cluster, every host of a tenant, or one agent. Not needed "
        + "with --challenge.",
      valueName: "cluster|tenant|agent"))
  var scope: Scope?

  @Option(
    name: .long,
    help: ArgumentHelp("The tenant, for the scopes tenant and agent.", valueName: "TENANT"))
  var tenant: String?

  @Option(name: .long, help: ArgumentHelp("The agent, for the scope agent.", valueName: "AGENT"))
  var agent: String?

  @OptionGroup var wishes: TokenWishes

  @Option(
    name: .long,
    help: ArgumentHelp(
      "Who opens the host, for its ledger, such as ana@example.com.", valueName: "NAME"))
  var subject: String?

  @Option(
    name: .long,
    help: ArgumentHelp(
      "Whose key signs. (default: the least that may sign the scope)", valueName: "ROLE"))
  var role: Role?

  @Option(name: .long, help: ArgumentHelp("Which key signs.", valueName: "ID"))
  var kid: String?

  @Option(
    name: .long,
    help: ArgumentHelp(
      "Write the token there, for its owner only, not to standard output.", valueName: "FILE"))
  var output: String?

  func validate() throws {
    if scope == nil, wishes.challenge == nil {
      throw ValidationError(
        "Missing expected argument '--scope <cluster|tenant|agent>' (or '--challenge <TEXT>')")
    }
  }

  func perform(_ issuer: Issuer, _ console: Console) throws(Refusal) {
    warn(of: issuer, console)
    let answered = try wishes.challenge.map { (text) throws(Refusal) in
      try ChallengeInput.read(text, console)
    }
    let request = try request(answered, issuer)
    try issuer.check(request)
    let token = try issuer.issue(request, passphrase: signing.passphrase(for: issuer))
    var members = members(token.content, request)
    if let answered {
      let doubts = ChallengeDoubts(answered, now: Clock.wall())
      let words = doubts.words(
        issuer.remember(
          answered, reinstalled: wishes.reinstalled, waiting: waiting(issuer, console)))
      // Before the token, so that nobody has it first.
      for word in words { console.note(word) }
      members.append(.init(name: "warnings", value: .array(words.map { .string($0) })))
    }
    try console.hand(
      token.text + "\n", to: output, mode: 0o600,
      (output == nil ? [.init(name: "token", value: .string(token.text))] : []) + members)
    console.note(text(token.content, answered))
  }

  private func request(
    _ challenge: ChallengeText?, _ issuer: Issuer
  ) throws(Refusal) -> TokenRequest {
    func wish(_ scope: Scope) -> TokenRequest {
      TokenRequest(
        scope: scope, role: role, kid: kid, tenant: tenant, agent: agent, subject: subject,
        window: wishes.window?.seconds, services: wishes.service,
        lifetime: wishes.lifetime?.seconds ?? TokenRequest.maximumLifetime)
    }
    guard let challenge else { return wish(scope ?? .agent) }
    for (name, asked, its) in [
      ("tenant", tenant, challenge.identity.tenant), ("agent", agent, challenge.identity.agent),
    ] {
      guard let asked, asked != its else { continue }
      throw Refusal(
        .invalid, "the challenge comes from the \(name) \(its.quoted()), not \(asked.quoted())")
    }
    // Whoever names the tenant, and no host of it, means the tenant.
    let wider: Scope? = tenant != nil && agent == nil ? .tenant : nil
    return try issuer.request(answering: challenge, scope: scope ?? wider, wish: wish)
  }

  private func text(_ token: VerifiedToken, _ challenge: ChallengeText?) -> String {
    let hosts =
      switch (token.tenant, token.agent) {
      case (let tenant?, let agent?): "host \(agent) of tenant \(tenant)"
      case (let tenant?, nil): "every host of tenant \(tenant)"
      default: "every host of cluster \(token.issuer)"
      }
    let services = token.services.map { ", only " + $0.joined(separator: ", ") } ?? ""
    let subject = token.subject.map { " for \($0)," } ?? ""
    let window =
      token.window.map { "for \(TimeSpan.text($0)) or what the profile there allows" }
      ?? "for as long as the profile there says"
    let place = output.map { " It is in \($0)." } ?? ""
    if let host = challenge?.identity {
      let note =
        token.agent == nil && scope == nil && tenant == nil
        ? "\nNo key here may sign for one host alone (role agent-installer), so it is a "
          + "\(token.scope.rawValue) token; nobody but that host takes it all the same." : ""
      return """
        Agent token\(subject) signed by \(token.kid): opens host \(host.agent) of tenant \
        \(host.tenant)\(services), and no other.
        Good for 15 minutes from when the challenge was made, whatever the clock there says, once, \
        \(window).\(place)\(note)
        To take it back: \(options.program("token revoke \(token.jti)"))
        """
    }
    return """
      Agent token\(subject) signed by \(token.kid): opens \(hosts)\(services).
      Good until \(LocalTime.text(token.expires)), once on each host, \(window).\(place)
      To take it back: \(options.program("token revoke \(token.jti)"))
      """
  }

  private func members(_ token: VerifiedToken, _ request: TokenRequest) -> [JSON.Member] {
    var members: [JSON.Member] = [
      .init(name: "iss", value: .string(token.issuer)),
      .init(name: "jti", value: .string(token.jti)),
      .init(name: "kid", value: .string(token.kid)),
      .init(name: "role", value: .string(token.role.rawValue)),
      .init(name: "scope", value: .string(token.scope.rawValue)),
    ]
    func add(_ name: String, _ value: JSON?) {
      if let value { members.append(.init(name: name, value: value)) }
    }
    add("tenant", token.tenant.map { .string($0) })
    add("agent", token.agent.map { .string($0) })
    add("sub", token.subject.map { .string($0) })
    add("iat", .integer(token.issuedAt))
    add("exp", .integer(token.expires))
    add("window", token.window.map { .integer($0) })
    add("services", token.services.map { .array($0.map { .string($0) }) })
    add("nonce", request.nonce.map { .string($0) })
    add("seq", token.sequence.map { .integer($0) })
    return members
  }
}
