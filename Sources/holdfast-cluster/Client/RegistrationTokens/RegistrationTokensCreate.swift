internal import AgentToken
internal import ArgumentParser
internal import ClusterClient
internal import JSON

struct RegistrationTokensCreate: ClientCommand {
  static let configuration = CommandConfiguration(
    commandName: "create",
    abstract: "Make a registration token for each tenant, and print them.",
    discussion: """
      What would be made is shown first. Standard output gets the tokens and nothing else: with one \
      tenant the token, with several each after its tenant. On the host:

        holdfast enroll --cluster https://HOST:PORT --token -
      """)

  @OptionGroup var options: ClientOptions
  @OptionGroup var confirmation: ConfirmationOptions

  @Option(
    name: .long, help: ArgumentHelp("Whose hosts enrol; may be repeated.", valueName: "TENANT"))
  var tenant: [String]

  @Option(name: .long, help: ArgumentHelp("What it is for.", valueName: "TEXT"))
  var description: String?

  @Option(
    name: .long, help: ArgumentHelp("What its hosts get, by name or id.", valueName: "PROFILE"))
  var profile: String?

  @Flag(name: .long, help: "You may apply and revoke that profile for the hosts that it enrols.")
  var managesProfile = false

  @Flag(name: .long, help: "Its hosts use user-space shields only, no high-assurance features.")
  var userSpaceOnly = false

  @Option(
    name: .long, help: ArgumentHelp("How many hosts. (default: 1)", valueName: "NUMBER"))
  var uses: Int64?

  @Option(
    name: .long,
    help: ArgumentHelp("How long it is good, 1h to 365d. (default: 3d)", valueName: "TIME"))
  var lifetime: SpanArgument?

  @Flag(name: .long, help: "It is good until it is used up or revoked.")
  var neverExpires = false

  @Option(
    name: .long,
    help: ArgumentHelp(
      "Write them there, for their owner only: a file, or for several a directory.",
      valueName: "FILE|DIR"))
  var output: String?

  func validate() throws {
    if lifetime != nil, neverExpires {
      throw ValidationError("Use either '--lifetime' or '--never-expires'.")
    }
  }

  func perform(_ api: APIClient, _ console: Console) async throws(Refusal) {
    var profileID: String?
    if let profile { profileID = try await api.profile(profile).text("id") }
    let entries = JSON.array(
      tenant.map { tenant in
        .some([
          "tenant": .string(tenant), "description": description.map { .string($0) },
          "profile": profileID.map { .string($0) },
          "manages_profile": managesProfile ? true : nil,
          "high_assurance": userSpaceOnly ? false : nil, "uses": uses.map { .integer($0) },
          "lifetime": lifetime.map { .integer($0.seconds) },
          "never_expires": neverExpires ? true : nil,
        ])
      })
    let review = try await api.post(
      APIPath("registration-tokens", "review"), ["entries": entries])
    let reviewed = review["items"]?.array ?? []
    try show(reviewed, console)
    try confirmation.confirm(
      "Make \(Words.count(reviewed.count, "registration token"))?", console)
    let reply = try await api.post(
      APIPath("registration-tokens"), ["entries": entries], creates: true)
    let made = (reply["items"]?.array ?? []).map {
      SecretText(
        name: $0["token"]?.text("tenant") ?? "", text: $0["text"]?.string ?? "", json: $0)
    }
    try SecretText.hand(made, to: output, several: tenant.count > 1, console)
  }

  /// - Throws: what is wrong with the first entry that would be refused.
  private func show(_ entries: [JSON], _ console: Console) throws(Refusal) {
    let rows = entries.map { entry in
      [
        entry.text("tenant"), entry.text("tenant_name"),
        "\(uses ?? 1) \(uses ?? 1 == 1 ? "host" : "hosts")",
        entry["problem"].map { $0.isNull } ?? true
          ? "until \(entry.time("expires", none: "used up or revoked"))" : "",
        entry.text("profile_name"), userSpaceOnly ? "user space only" : "",
        entry["problem"]?.text("detail") ?? "",
      ]
    }
    console.note(Table.text(rows))
    guard let problem = entries.lazy.compactMap({ $0["problem"] }).first(where: { !$0.isNull })
    else { return }
    throw Refusal(
      Refusal.Code(rawValue: problem.text("code")), problem.text("detail"),
      hint: problem["hint"]?.string.map(Words.plain))
  }
}
