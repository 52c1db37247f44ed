internal import AgentToken
internal import ArgumentParser
internal import ClusterClient
internal import HostConfiguration
internal import JSON

struct ProfilesCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "profiles",
    abstract: "What hosts protect and how strictly, signed for each of them.",
    discussion: """
      FILE has the syntax of holdfast.conf(5), with one [Service] section for each service that it \
      names; - is standard input. In [Protection], Enabled=no switches protection off. PROFILE is a \
      profile's name or id.
      """,
    subcommands: [
      ProfilesList.self, ProfilesShow.self, ProfilesVersions.self, ProfilesCreate.self,
      ProfilesChange.self, ProfilesDelete.self, ProfilesAssign.self, ProfilesUnassign.self,
    ])
}

extension APIClient {
  func profile(_ text: String) async throws(Refusal) -> JSON {
    try await one("profile", text, of: APIPath("profiles"), names: ["name", "id"])
  }
}

enum ProfileWords {
  static func tenant(_ profile: JSON) -> String {
    profile["tenant"]?.isNull ?? true ? "all" : profile.text("tenant")
  }

  /// The settings as a file, which can be changed and given back.
  static func file(_ profile: JSON) -> String {
    let settings = profile["settings"] ?? .object([])
    return (try? ProfileSettings(settings).text) ?? settings.encoded() + "\n"
  }
}

struct ProfilesList: ClientCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "List profiles, and what they are assigned to.")

  @OptionGroup var options: ClientOptions

  func perform(_ api: APIClient, _ console: Console) async throws(Refusal) {
    let (profiles, _) = try await api.pages(APIPath("profiles")).collect()
    let assignments = try await api.get(APIPath("profile-assignments"))["items"]?.array ?? []
    let rows = profiles.map { profile in
      let places = assignments.filter { $0["profile"] == profile["id"] }.map {
        $0.text("tenant") + ($0["label"]?.isNull ?? true ? "" : " (\($0.text("label")))")
      }
      return [
        profile.text("name"), profile.text("id"), profile.text("version"),
        ProfileWords.tenant(profile), profile.time("changed_at"), places.joined(separator: ", "),
      ]
    }
    try console.report(
      rows.isEmpty
        ? "There are no profiles."
        : Table.text([["NAME", "ID", "VERSION", "FOR", "CHANGED", "ASSIGNED TO"]] + rows),
      [
        .init(name: "items", value: .array(profiles)),
        .init(name: "assignments", value: .array(assignments)),
      ])
  }
}

struct ProfilesShow: ClientCommand {
  static let configuration = CommandConfiguration(
    commandName: "show",
    abstract: "Print a profile's settings, as a file that `change` takes.")

  @OptionGroup var options: ClientOptions

  @Argument(help: ArgumentHelp("Which.", valueName: "PROFILE"))
  var profile: String

  @Option(
    name: .customLong("at"), help: ArgumentHelp("An earlier version.", valueName: "VERSION"))
  var number: Int64?

  func perform(_ api: APIClient, _ console: Console) async throws(Refusal) {
    var found = try await api.profile(profile)
    if let number {
      let path = APIPath("profiles", found.text("id"), "versions")
      guard
        let version = try await api.pages(path).collect().items.first(where: {
          $0["version"]?.integer == number
        })
      else {
        throw Refusal(
          .usage, "The profile \(found.text("name")) has no version \(number).")
      }
      found = version
    }
    console.note(
      "# \(found.text("name")), version \(found.text("version")), changed \(found.time("changed_at"))"
        + ", for tenant: \(ProfileWords.tenant(found))")
    try console.hand(ProfileWords.file(found), to: nil, mode: 0o644, found.members ?? [])
  }
}

struct ProfilesVersions: ClientCommand {
  static let configuration = CommandConfiguration(
    commandName: "versions", abstract: "List what a profile was, the newest first.")

  @OptionGroup var options: ClientOptions
  @OptionGroup var list: ListOptions

  @Argument(help: ArgumentHelp("Which.", valueName: "PROFILE"))
  var profile: String

  func perform(_ api: APIClient, _ console: Console) async throws(Refusal) {
    let found = try await api.profile(profile)
    try await api.show(
      APIPath("profiles", found.text("id"), "versions"), limit: list.limit, on: console,
      as: ["VERSION", "NAME", "CHANGED", "BY"], none: "There are none."
    ) {
      [$0.text("version"), $0.text("name"), $0.time("changed_at"), $0.text("changed_by")]
    }
  }
}

struct ProfilesCreate: ClientCommand {
  static let configuration = CommandConfiguration(
    commandName: "create", abstract: "Add a profile; nothing has it until it is assigned.")

  @OptionGroup var options: ClientOptions

  @Argument(help: ArgumentHelp("What it is called.", valueName: "NAME"))
  var name: String

  @Argument(help: ArgumentHelp("Its settings.", valueName: "FILE"))
  var file: String

  @Option(
    name: .long,
    help: ArgumentHelp("Only it may use the profile. (default: all)", valueName: "TENANT"))
  var tenant: String?

  func perform(_ api: APIClient, _ console: Console) async throws(Refusal) {
    let settings = try ProfileFile.read(file)
    let reply = try await api.post(
      APIPath("profiles"),
      .some([
        "name": .string(name), "tenant": tenant.map { .string($0) }, "settings": settings.json,
      ]), creates: true)
    try console.report(
      "Added the profile \(reply.text("name")). To put it in force: "
        + "holdfast-cluster profiles assign \(reply.text("name")) --tenant TENANT",
      reply.members ?? [])
  }
}

struct ProfilesChange: ClientCommand {
  static let configuration = CommandConfiguration(
    commandName: "change",
    abstract: "Add a version of a profile; its agents get it at once.")

  @OptionGroup var options: ClientOptions

  @Argument(help: ArgumentHelp("Which.", valueName: "PROFILE"))
  var profile: String

  @Argument(help: ArgumentHelp("Its new settings.", valueName: "FILE"))
  var file: String

  @Option(name: .long, help: ArgumentHelp("A new name too.", valueName: "NAME"))
  var name: String?

  @Option(
    name: .long,
    help: ArgumentHelp(
      "The version that was seen: refused if it is not the newest.", valueName: "VERSION"))
  var following: Int64?

  func perform(_ api: APIClient, _ console: Console) async throws(Refusal) {
    let settings = try ProfileFile.read(file)
    let found = try await api.profile(profile)
    let reply = try await api.put(
      APIPath("profiles", found.text("id")),
      .some([
        "settings": settings.json, "name": name.map { .string($0) },
        "following": following.map { .integer($0) },
      ]))
    try console.report(
      "The profile \(reply.text("name")) has version \(reply.text("version")) now.",
      reply.members ?? [])
  }
}

struct ProfilesDelete: ClientCommand {
  static let configuration = CommandConfiguration(
    commandName: "delete", abstract: "Remove a profile that nothing uses.")

  @OptionGroup var options: ClientOptions

  @Argument(help: ArgumentHelp("Which.", valueName: "PROFILE"))
  var profile: String

  func perform(_ api: APIClient, _ console: Console) async throws(Refusal) {
    let found = try await api.profile(profile)
    try await api.delete(APIPath("profiles", found.text("id")))
    try console.report("Removed the profile \(found.text("name")).", [])
  }
}
