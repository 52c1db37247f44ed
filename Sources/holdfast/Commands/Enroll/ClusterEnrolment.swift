import JSON
import Linux

/// Enrolment at a cluster's server. This command has no network: the link asks the cluster, as a user
/// of its own, and what it gets is handed to the daemon, which has the last word.
struct ClusterEnrolment {
  let address: String
  /// A file, `-` for standard input, or nil to ask for it.
  let token: String?
  let authority: String?
  let agent: String?
  let options: GlobalOptions

  func run() throws(Failure) {
    try checkAddress()
    // Before anything is spent at the cluster.
    let host = try options.daemon.ask(Request("enroll dry-run"))
    if host.refusal != nil { return try options.show(host) { _, _ in [] } }
    guard let agent = agent ?? host.text("agent") else {
      throw .usage(
        "This machine has no machine id to derive an agent id from", hint: "Name one with --agent.")
    }
    let courier = try Courier()
    let answer = try courier.enroll(
      ["--cluster", address, "--agent", agent]
        + (host.text("machine").map { ["--machine", $0] } ?? [])
        + (authority == nil ? [] : ["--ca", "-"]),
      input: told())
    guard let enrolment = answer["enrolment"] else {
      let error = answer["error"] ?? .null
      return try options.show(Reply(["ok": false, "error": error])) { _, _ in [] }
    }
    let reply = try hand(enrolment, courier)
    let kept = reply.refusal == nil ? courier.keepProxies() : nil
    let runs = reply.refusal == nil && courier.start()
    try options.show(reply) { Enroll.describe($0, view: $1) }
    if !runs {
      Console.error(
        "The link to the cluster does not run yet. See why: systemctl status \(Courier.unit)")
    } else if !options.json {
      Console.print(["The link to the cluster runs, now and after every boot."])
    }
    if let kept, !options.json { Console.print(["Its proxy is in \(kept)."]) }
  }

  private func checkAddress() throws(Failure) {
    guard address.hasPrefix("https://"), Text.problem(inWord: address) == nil,
      address.utf8.count <= 2048
    else {
      throw .usage(
        "\(Text.printable(address)) is no address of a cluster", hint: "It is https://HOST:8443")
    }
  }

  // MARK: What is told to the link

  /// The token's line, and the authority behind it where one was named.
  private func told() throws(Failure) -> [UInt8] {
    let certificates = try authority.map { (path) throws(Failure) in
      try Input.file(path, limit: 48 << 10)
    }
    return Array((try secret() + "\n" + (certificates ?? "")).utf8)
  }

  private func secret() throws(Failure) -> String {
    let what = "registration token"
    if Terminal.isTerminal(.standardInput), token == nil || token == "-" {
      return try TokenOptions.token(
        in: TokenOptions.ask(for: what), from: "the answer", what: what)
    }
    guard let token else {
      throw .usage(
        "No \(what) was given", hint: "With --token FILE, or --token - for standard input.")
    }
    // Whoever put the token itself there does not want to see it again.
    if token.utf8.count >= 32, !token.contains("/"), !Files.exists(token) {
      throw .usage(
        "--token takes a file or -, and there is no such file",
        hint: "The token itself is no argument: others could read it there.")
    }
    let secret = try TokenOptions.token(
      in: Input.file(token, limit: 4096), from: token == "-" ? "standard input" : token, what: what)
    if let problem = Text.problem(inWord: secret) {
      throw .usage("The \(what) has \(problem) in it")
    }
    return secret
  }

  // MARK: What comes of it

  /// Has the daemon take it; where it does not, the link forgets it as well.
  private func hand(_ enrolment: JSON, _ courier: Courier) throws(Failure) -> Reply {
    let reply: Reply
    do {
      let request = try Request("enroll").adding(object: enrolment, name: "the enrolment")
      reply = try options.daemon.ask(request)
    } catch {
      // It may have got through, and only the answer been lost.
      let status = try options.daemon.ask(Request("status"))
      guard status.text("agent") == Reply(enrolment).text("agent"),
        status.text("tenant") == Reply(enrolment).text("tenant")
      else {
        courier.forget()
        throw error
      }
      return status
    }
    if reply.refusal != nil { courier.forget() }
    return reply
  }
}
