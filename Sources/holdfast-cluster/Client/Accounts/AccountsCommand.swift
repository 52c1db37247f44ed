internal import AgentToken
internal import ArgumentParser
internal import ClusterClient
internal import JSON

struct AccountsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "accounts",
    abstract: "People and programs that may ask something of the cluster.",
    subcommands: [
      AccountsList.self, AccountsCreate.self, AccountsChange.self, AccountsSetPassword.self,
      AccountsRenewSecret.self, AccountsDelete.self,
    ])
}

extension APIClient {
  func account(_ text: String) async throws(Refusal) -> JSON {
    try await one("account", text, of: APIPath("accounts"), names: ["name", "id"])
  }
}

/// Roles that accounts have.
enum AccountRole {
  static let help = "site-admin|customer-support|tenant-owner|agent-installer|auditor"

  static func tenants(_ account: JSON) -> String {
    account["tenants"]?.array == nil ? "all" : account.texts("tenants").joined(separator: ", ")
  }
}

struct AccountsList: ClientCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "List accounts, what they may do, and when they were used.")

  @OptionGroup var options: ClientOptions
  @OptionGroup var list: ListOptions

  @Option(name: .long, help: ArgumentHelp("Only those.", valueName: "person|client"))
  var kind: String?

  func perform(_ api: APIClient, _ console: Console) async throws(Refusal) {
    try await api.show(
      APIPath("accounts", query: ["kind": kind]), limit: list.limit, on: console,
      as: ["NAME", "KIND", "ROLE", "TENANTS", "LAST USED", ""], none: "There are no accounts."
    ) {
      [
        $0.text("name"), $0.text("kind"), $0.text("role"), AccountRole.tenants($0),
        $0.time("last_used_at", none: "never"), $0.flag("disabled") ? "disabled" : "",
      ]
    }
  }
}

struct AccountsCreate: ClientCommand {
  static let configuration = CommandConfiguration(
    commandName: "create",
    abstract: "Add an account.",
    discussion: """
      The password of a person, or the secret of a program (--client), is made and printed this once, \
      unless a password is given.
      """)

  @OptionGroup var options: ClientOptions

  @Argument(help: ArgumentHelp("What one logs in with.", valueName: "NAME"))
  var name: String

  @Option(name: .long, help: ArgumentHelp("What it may do.", valueName: AccountRole.help))
  var role: String

  @Option(
    name: .long,
    help: ArgumentHelp(
      "There is no other for it; may be repeated. (default: all)", valueName: "TENANT"))
  var tenant: [String] = []

  @Flag(name: .long, help: "For a program, which logs in with a secret.")
  var client = false

  @Option(
    name: .long,
    help: ArgumentHelp("Holds the password, - for standard input.", valueName: "FILE"))
  var passwordFile: String?

  func validate() throws {
    if client, passwordFile != nil {
      throw ValidationError("A --client has no password; its secret is made.")
    }
  }

  func perform(_ api: APIClient, _ console: Console) async throws(Refusal) {
    let password = try passwordFile.map { (file) throws(Refusal) in
      try SecretInput.read(file: file, prompt: "")
    }
    let reply = try await api.post(
      APIPath("accounts"),
      .some([
        "kind": client ? "client" : "person", "name": .string(name), "role": .string(role),
        "tenants": tenant.isEmpty ? nil : .texts(tenant),
        "password": password.map { .string($0) },
      ]), creates: true)
    var text = "Added \(name), \(reply["account"]?.text("role") ?? role)."
    if let secret = reply["secret"]?.string {
      text += "\n  \(client ? "secret  " : "password")  \(secret)\nIt is shown this once."
    }
    try console.report(text, reply.members ?? [])
  }
}

struct AccountsChange: ClientCommand {
  static let configuration = CommandConfiguration(
    commandName: "change",
    abstract: "Change an account's role or tenants, or disable it; its sessions end.")

  @OptionGroup var options: ClientOptions

  @Argument(help: ArgumentHelp("Its name or id.", valueName: "NAME"))
  var name: String

  @Option(name: .long, help: ArgumentHelp("What it may do.", valueName: AccountRole.help))
  var role: String?

  @Option(
    name: .long,
    help: ArgumentHelp(
      "There is no other for it from now on; may be repeated.", valueName: "TENANT"))
  var tenant: [String] = []

  @Flag(name: .long, help: "All tenants are there for it.")
  var allTenants = false

  @Flag(name: .long, help: "Nobody can log in with it.")
  var disable = false

  @Flag(name: .long, help: "One can again.")
  var enable = false

  func validate() throws {
    if allTenants, !tenant.isEmpty {
      throw ValidationError("Use either '--tenant' or '--all-tenants'.")
    }
    if disable, enable { throw ValidationError("Use either '--disable' or '--enable'.") }
    if role == nil, tenant.isEmpty, !allTenants, !disable, !enable {
      throw ValidationError("Say what is to be changed.")
    }
  }

  func perform(_ api: APIClient, _ console: Console) async throws(Refusal) {
    let account = try await api.account(name)
    var members: [JSON.Member] = []
    if let role { members.append(.init(name: "role", value: .string(role))) }
    if allTenants { members.append(.init(name: "tenants", value: .null)) }
    if !tenant.isEmpty { members.append(.init(name: "tenants", value: .texts(tenant))) }
    if disable || enable { members.append(.init(name: "disabled", value: .bool(disable))) }
    let reply = try await api.patch(
      APIPath("accounts", account.text("id")), .object(members))
    try console.report(
      "\(reply.text("name")) is \(reply.text("role")) now, tenants: \(AccountRole.tenants(reply))"
        + (reply.flag("disabled") ? ", disabled." : "."),
      reply.members ?? [])
  }
}

struct AccountsSetPassword: ClientCommand {
  static let configuration = CommandConfiguration(
    commandName: "set-password",
    abstract: "Give a person another password; their sessions end.",
    discussion: "One's own takes the current one too, which is the first line of --current-file.")

  @OptionGroup var options: ClientOptions

  @Argument(help: ArgumentHelp("Whose. (default: your own)", valueName: "NAME"))
  var name: String?

  @Option(
    name: .long,
    help: ArgumentHelp("Holds the new password, - for standard input.", valueName: "FILE"))
  var passwordFile: String?

  @Option(
    name: .long, help: ArgumentHelp("Holds the current one.", valueName: "FILE"))
  var currentFile: String?

  func perform(_ api: APIClient, _ console: Console) async throws(Refusal) {
    let me = try await api.get(APIPath("me"))["account"] ?? .null
    let isOwn = name.map { $0 == me.text("name") || $0 == me.text("id") } ?? true
    let account = isOwn ? me : try await api.account(name ?? "")
    let whose = account.text("name")
    let current =
      isOwn
      ? try SecretInput.read(file: currentFile, prompt: "Current password of \(whose): ") : nil
    let password = try SecretInput.read(
      file: passwordFile, prompt: "New password of \(whose): ", again: true)
    _ = try await api.put(
      APIPath("accounts", account.text("id"), "password"),
      .some(["new": .string(password), "current": current.map { .string($0) }]))
    try console.report(
      isOwn
        ? "Your password is another one now. Log in again: holdfast-cluster login"
        : "\(whose) has another password now.", [])
  }
}

struct AccountsRenewSecret: ClientCommand {
  static let configuration = CommandConfiguration(
    commandName: "renew-secret",
    abstract: "Give a program another secret, and print it.",
    discussion: "The one before is good for nothing from then on.")

  @OptionGroup var options: ClientOptions

  @Argument(help: ArgumentHelp("Its name or id.", valueName: "NAME"))
  var name: String

  @Option(
    name: .long,
    help: ArgumentHelp(
      "Write it there, for its owner only, not to standard output.", valueName: "FILE"))
  var output: String?

  func perform(_ api: APIClient, _ console: Console) async throws(Refusal) {
    let account = try await api.account(name)
    let reply = try await api.post(APIPath("accounts", account.text("id"), "secret"))
    try console.hand(
      (reply["secret"]?.string ?? "") + "\n", to: output, mode: 0o600,
      output == nil ? reply.members ?? [] : [])
    console.note("That is the secret of \(account.text("name")); it is shown this once.")
  }
}

struct AccountsDelete: ClientCommand {
  static let configuration = CommandConfiguration(
    commandName: "delete", abstract: "Remove an account; its sessions end.")

  @OptionGroup var options: ClientOptions
  @OptionGroup var confirmation: ConfirmationOptions

  @Argument(help: ArgumentHelp("Its name or id.", valueName: "NAME"))
  var name: String

  func perform(_ api: APIClient, _ console: Console) async throws(Refusal) {
    let account = try await api.account(name)
    try confirmation.confirm("Remove the account \(account.text("name"))?", console)
    try await api.delete(APIPath("accounts", account.text("id")))
    try console.report("Removed the account \(account.text("name")).", [])
  }
}
