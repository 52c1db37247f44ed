internal import AgentToken
internal import ArgumentParser
internal import ClusterClient
internal import Issuing
internal import JSON
internal import Link
internal import Linux

struct Login: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "login",
    abstract: "Log in to a cluster.",
    discussion: """
      The first time, say by what the cluster is known: the fingerprint of its authority, which the \
      server says when it is made, or a file with that authority. Without either it has to have a \
      certificate that this system trusts. Later `holdfast-cluster login` is enough.

        holdfast-cluster login --cluster https://holdfast.example:8443 --fingerprint F ana

      Programs set HOLDFAST_CLUSTER_URL, HOLDFAST_CLUSTER_TOKEN and HOLDFAST_CLUSTER_CA (a file), or \
      log in with --client.
      """)

  @OptionGroup var options: ClientOptions

  @Option(
    name: .long,
    help: ArgumentHelp(
      "Where the cluster is. (default: where one logged in last)", valueName: "URL"))
  var cluster: String?

  @Option(
    name: .long, parsing: .unconditional,
    help: ArgumentHelp("SHA-256 of its authority's certificate.", valueName: "FINGERPRINT"))
  var fingerprint: String?

  @Option(name: .long, help: ArgumentHelp("Its authority's certificate.", valueName: "FILE"))
  var ca: String?

  @Argument(help: ArgumentHelp("Who. (default: who logged in last)", valueName: "NAME"))
  var name: String?

  @Option(
    name: .long,
    help: ArgumentHelp(
      "Holds the password, - for standard input; without it, it is asked for on the terminal.",
      valueName: "FILE"))
  var passwordFile: String?

  @Option(name: .long, help: ArgumentHelp("A program's account, not a person's.", valueName: "ID"))
  var client: String?

  @Option(
    name: .long, help: ArgumentHelp("Holds that account's secret.", valueName: "FILE"))
  var secretFile: String?

  func validate() throws {
    if fingerprint != nil, ca != nil {
      throw ValidationError("Use either '--fingerprint' or '--ca'.")
    }
    if client != nil, name != nil || passwordFile != nil {
      throw ValidationError("A --client has a --secret-file, and neither name nor password.")
    }
    if secretFile != nil, client == nil {
      throw ValidationError("A --secret-file is that of a --client.")
    }
  }

  func run() async throws {
    try await answering(options) { console throws(Refusal) in try await logIn(console) }
  }

  private func logIn(_ console: Console) async throws(Refusal) {
    // A file that cannot be read is no reason not to write another.
    let last = try? SavedSession.read()
    guard let url = cluster ?? ClusterAccess.variable("HOLDFAST_CLUSTER_URL") ?? last?.url else {
      throw Refusal(
        .usage, "There is no cluster to log in to.",
        hint: "Name it: --cluster https://HOST:PORT")
    }
    let endpoint = try Endpoint(url)
    guard let name = client ?? name ?? last?.name else {
      throw Refusal(
        .usage, "There is no name to log in with.", hint: "holdfast-cluster login NAME")
    }
    let secret =
      client != nil
      ? try SecretInput.read(file: secretFile, prompt: "Secret of \(name): ")
      : try SecretInput.read(file: passwordFile, prompt: "Password of \(name): ")
    let trust = try await trust(endpoint, last)
    let grant: Grant
    do throws(Refusal) {
      grant = try await APIClient.use(ClusterAccess(endpoint: endpoint, trust: trust)) {
        api throws(Refusal) in
        try await client == nil ? session(api, name, secret) : token(api, name, secret)
      }
    } catch  where error.code == .clusterUntrusted && trust == .system {
      throw Refusal(
        error.code, error.message,
        hint:
          "Say by what it is known: --fingerprint F, as the server said when it was made, or --ca FILE"
      )
    }
    var saved = SavedSession(
      url: endpoint.text, authority: nil, name: name, token: grant.token, expires: grant.expires)
    if case .authority(let pem) = trust { saved.authority = pem }
    let me = try await APIClient.use(try saved.access()) { api throws(Refusal) in
      try await api.get(APIPath("me"))
    }
    try saved.write()
    try console.report(
      """
      Logged in to cluster \(me.text("cluster")) as \(me["account"]?.text("name") ?? name), \
      \(me["account"]?.text("role") ?? ""), until \(LocalTime.text(grant.expires)).
      """,
      [
        .init(name: "url", value: .string(endpoint.text)),
        .init(name: "expires", value: .integer(grant.expires)),
      ] + (me.members ?? []))
  }

  /// By what the cluster is known: what is said, else as it was known the last time.
  private func trust(
    _ endpoint: Endpoint, _ last: SavedSession?
  ) async throws(Refusal) -> ClusterAccess.Trust {
    if let ca { return try ClusterAccess.trust(file: ca) }
    if let fingerprint {
      return .authority(try await APIClient.authority(of: endpoint, fingerprint: fingerprint))
    }
    if let trust = try ClusterAccess.environmentTrust() { return trust }
    if let last, let known = try? last.access(), known.endpoint == endpoint { return known.trust }
    return .system
  }

  private struct Grant {
    let token: String
    let expires: Int64
  }

  private func session(
    _ api: APIClient, _ name: String, _ password: String
  ) async throws(Refusal) -> Grant {
    let reply = try await api.post(
      APIPath("sessions"), ["name": .string(name), "password": .string(password)])
    guard let token = reply["access_token"]?.string, let expires = reply["expires"]?.integer else {
      throw Refusal(.clusterMalformed, "The cluster's answer makes no sense.")
    }
    return Grant(token: token, expires: expires)
  }

  /// RFC 6749, section 4.4.
  private func token(
    _ api: APIClient, _ id: String, _ secret: String
  ) async throws(Refusal) -> Grant {
    let reply = try await api.post(
      APIPath(verbatim: "/oauth/token"),
      form: ["grant_type": "client_credentials", "client_id": id, "client_secret": secret])
    guard let token = reply["access_token"]?.string, let span = reply["expires_in"]?.integer else {
      throw Refusal(.clusterMalformed, "The cluster's answer makes no sense.")
    }
    return Grant(token: token, expires: Clock.wall() + max(0, min(span, 366 * 86_400)))
  }
}
