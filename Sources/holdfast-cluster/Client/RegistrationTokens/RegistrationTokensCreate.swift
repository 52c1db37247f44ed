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

      Many at once, each as it is wanted: have them printed, change or remove lines, make the rest.

        holdfast-cluster registration-tokens create --tenant a --tenant b --review >entries
        holdfast-cluster registration-tokens create --entries entries
      """)

  @OptionGroup var options: ClientOptions
  @OptionGroup var confirmation: ConfirmationOptions

  @Option(
    name: .long, help: ArgumentHelp("Whose hosts enrol; may be repeated.", valueName: "TENANT"))
  var tenant: [String] = []

  @Flag(name: .long, help: "Print what would be made, a line each, and make nothing.")
  var review = false

  @Option(
    name: .long,
    help: ArgumentHelp(
      "Make those in it, as --review prints them; - for standard input.", valueName: "FILE"))
  var entries: String?

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

  private var hasWishes: Bool {
    description != nil || profile != nil || managesProfile || userSpaceOnly || uses != nil
      || lifetime != nil || neverExpires
  }

  func validate() throws {
    if lifetime != nil, neverExpires {
      throw ValidationError("Use either '--lifetime' or '--never-expires'.")
    }
    if entries == nil, tenant.isEmpty {
      throw ValidationError("Missing expected argument '--tenant <TENANT> ...' (or '--entries')")
    }
    if entries != nil, !tenant.isEmpty || hasWishes {
      throw ValidationError("The --entries say for whom they are, and all that is to be said.")
    }
  }

  func perform(_ api: APIClient, _ console: Console) async throws(Refusal) {
    let wanted = try entries.map { (file) throws(Refusal) in try listed(in: file) } ?? asked
    let named = try await identified(wanted, api)
    let reviewed =
      try await api.post(
        APIPath("registration-tokens", "review"), ["entries": .array(named)])["items"]?.array ?? []
    try show(wanted, reviewed, console)
    if review {
      return try console.report(
        wanted.map { $0.encoded() }.joined(separator: "\n"),
        [.init(name: "entries", value: .array(wanted))])
    }
    try confirmation.confirm(
      "Make \(Words.count(reviewed.count, "registration token"))?", console)
    let reply = try await api.post(
      APIPath("registration-tokens"), ["entries": .array(named)], creates: true)
    let made = (reply["items"]?.array ?? []).map {
      SecretText(
        name: $0["token"]?.text("tenant") ?? "", text: $0["text"]?.string ?? "", json: $0)
    }
    try SecretText.hand(made, to: output, several: wanted.count > 1, console)
  }

  // MARK: What is wanted

  private var asked: [JSON] {
    tenant.map { tenant in
      .some([
        "tenant": .string(tenant), "description": description.map { .string($0) },
        "profile": profile.map { .string($0) },
        "manages_profile": managesProfile ? true : nil,
        "high_assurance": userSpaceOnly ? false : nil, "uses": uses.map { .integer($0) },
        "lifetime": lifetime.map { .integer($0.seconds) },
        "never_expires": neverExpires ? true : nil,
      ])
    }
  }

  /// Empty lines and those that begin with `#` do not count.
  private func listed(in file: String) throws(Refusal) -> [JSON] {
    let lines = try LinesFile.read(file)
    guard !lines.isEmpty else { throw Refusal(.usage, "There are no entries in \(file).") }
    var entries: [JSON] = []
    for (index, line) in lines.enumerated() {
      guard let entry = try? JSON.parse(Array(line.utf8)), entry.members != nil else {
        throw Refusal(
          .usage, "Entry \(index + 1) of \(file) is no JSON object.",
          hint: "One is on a line by itself, as --review prints it.")
      }
      entries.append(entry)
    }
    return entries
  }

  /// With profiles by their ids.
  private func identified(_ entries: [JSON], _ api: APIClient) async throws(Refusal) -> [JSON] {
    var ids: [String: String] = [:]
    var identified: [JSON] = []
    for entry in entries {
      var members = entry.members ?? []
      for index in members.indices where members[index].name == "profile" {
        guard let name = members[index].value.string else { continue }
        if ids[name] == nil { ids[name] = try await api.profile(name).text("id") }
        members[index] = .init(name: "profile", value: .string(ids[name] ?? name))
      }
      identified.append(.object(members))
    }
    return identified
  }

  /// - Throws: what is wrong with the first entry that would be refused.
  private func show(
    _ wanted: [JSON], _ reviewed: [JSON], _ console: Console
  ) throws(Refusal) {
    let rows = zip(wanted, reviewed).map { wish, entry in
      [
        entry.text("tenant"), entry.text("tenant_name"),
        Words.count(Int(wish["uses"]?.integer ?? 1), "host"),
        entry["problem"].map { $0.isNull } ?? true
          ? "until \(entry.time("expires", none: "used up or revoked"))" : "",
        entry.text("profile_name"),
        wish["high_assurance"]?.bool == false ? "user space only" : "",
        entry["problem"]?.text("detail") ?? "",
      ]
    }
    console.note(Table.text(rows))
    guard let problem = reviewed.lazy.compactMap({ $0["problem"] }).first(where: { !$0.isNull })
    else { return }
    throw Refusal(
      Refusal.Code(rawValue: problem.text("code")), problem.text("detail"),
      hint: problem["hint"]?.string.map(Words.plain))
  }
}
