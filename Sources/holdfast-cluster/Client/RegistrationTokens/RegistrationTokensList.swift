internal import AgentToken
internal import ArgumentParser
internal import Cluster
internal import ClusterClient
internal import JSON

struct RegistrationTokensList: ClientCommand {
  static let configuration = CommandConfiguration(
    commandName: "list",
    abstract: "List registration tokens, the newest first; of each only its first characters.")

  @OptionGroup var options: ClientOptions
  @OptionGroup var list: ListOptions

  @Option(name: .long, help: ArgumentHelp("Only its.", valueName: "TENANT"))
  var tenant: String?

  @Option(
    name: .long,
    help: ArgumentHelp("Only those.", valueName: "active|expired|used-up|suspended|revoked"))
  var status: String?

  @Option(
    name: .long,
    help: ArgumentHelp("Part of description, creator, or first characters.", valueName: "TEXT"))
  var search: String?

  func perform(_ api: APIClient, _ console: Console) async throws(Refusal) {
    try await api.show(
      APIPath(
        "registration-tokens", query: ["tenant": tenant, "status": status, "q": search]),
      limit: list.limit, on: console,
      as: ["ID", "TOKEN", "TENANT", "STATUS", "EXPIRES", "USES LEFT", "BY", "DESCRIPTION", ""],
      none: "There are no registration tokens."
    ) {
      [
        $0.text("id"), $0.text("hint") + "…", $0.text("tenant"), $0.text("status"),
        $0.time("expires", none: "never"), "\($0.text("uses_left")) of \($0.text("uses"))",
        $0.text("creator"), $0.text("description"),
        $0.flag("high_assurance") ? "" : "user space only",
      ]
    }
  }
}

struct RegistrationTokensShow: ClientCommand {
  static let configuration = CommandConfiguration(
    commandName: "show", abstract: "Show a registration token, without its text.")

  @OptionGroup var options: ClientOptions

  @Argument(help: ArgumentHelp("Its id, as `list` shows it.", valueName: "ID"))
  var id: String

  func perform(_ api: APIClient, _ console: Console) async throws(Refusal) {
    let reply = try await api.get(APIPath("registration-tokens", id))
    let rows = [
      ["token", reply.text("hint") + "…"], ["tenant", reply.text("tenant")],
      ["description", reply.text("description")],
      ["uses left", "\(reply.text("uses_left")) of \(reply.text("uses"))"],
      ["expires", reply.time("expires", none: "never")], ["profile", reply.text("profile")],
      ["shields", reply.flag("high_assurance") ? "all that the host has" : "user space only"],
      ["made", "\(reply.time("created_at")) by \(reply.text("creator"))"],
      ["revoked", reply.time("revoked_at")],
      [
        "suspended",
        reply.text("status") == "suspended"
          ? "who made it is disabled, deleted, or may not make it any more" : "",
      ],
    ]
    try console.report(
      "\(reply.text("id"))  \(reply.text("status"))\n"
        + Table.text(rows.filter { !$0[1].isEmpty }), reply.members ?? [])
  }
}

struct RegistrationTokensReveal: ClientCommand {
  static let configuration = CommandConfiguration(
    commandName: "reveal",
    abstract: "Print the texts of live registration tokens once more; it is audited.")

  @OptionGroup var options: ClientOptions

  @Argument(help: ArgumentHelp("Their ids.", valueName: "ID"))
  var ids: [String]

  @Option(
    name: .long,
    help: ArgumentHelp(
      "Write them there, for their owner only: a file, or for several a directory.",
      valueName: "FILE|DIR"))
  var output: String?

  func perform(_ api: APIClient, _ console: Console) async throws(Refusal) {
    let reply = try await api.post(
      APIPath("registration-tokens", "reveal"), ["ids": .texts(ids)])
    let texts = (reply["items"]?.array ?? []).map {
      SecretText(name: $0.text("id"), text: $0["text"]?.string ?? "", json: $0)
    }
    try SecretText.hand(texts, to: output, several: ids.count > 1, console)
  }
}

struct RegistrationTokensRevoke: ClientCommand {
  static let configuration = CommandConfiguration(
    commandName: "revoke", abstract: "Make registration tokens good for nothing.",
    discussion: "Hosts that enrolled with them stay enrolled.")

  @OptionGroup var options: ClientOptions

  @Argument(help: ArgumentHelp("Their ids.", valueName: "ID"))
  var ids: [String]

  func perform(_ api: APIClient, _ console: Console) async throws(Refusal) {
    _ = try await api.post(APIPath("registration-tokens", "revoke"), ["ids": .texts(ids)])
    try console.report("Revoked \(Words.count(ids.count, "registration token")).", [])
  }
}

struct RegistrationTokensDelete: ClientCommand {
  static let configuration = CommandConfiguration(
    commandName: "delete", abstract: "Remove registration tokens that are revoked or over.")

  @OptionGroup var options: ClientOptions

  @Argument(help: ArgumentHelp("Their ids.", valueName: "ID"))
  var ids: [String]

  @Flag(name: .long, help: "Also those that are live, which are revoked first.")
  var force = false

  func perform(_ api: APIClient, _ console: Console) async throws(Refusal) {
    do throws(Refusal) {
      _ = try await api.post(
        APIPath("registration-tokens", "delete"), ["ids": .texts(ids), "force": .bool(force)])
    } catch  where error.code == .conflict && !force {
      throw Refusal(error.code, error.message, hint: "Revoke it first, or use --force")
    }
    try console.report("Removed \(Words.count(ids.count, "registration token")).", [])
  }
}
