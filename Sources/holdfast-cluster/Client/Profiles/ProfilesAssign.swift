internal import AgentToken
internal import ArgumentParser
internal import ClusterClient
internal import JSON

/// What a profile is assigned to.
struct AssignmentOptions: ParsableArguments {
  @Argument(help: ArgumentHelp("Which.", valueName: "PROFILE"))
  var profile: String

  @Option(name: .long, help: ArgumentHelp("Whose agents.", valueName: "TENANT"))
  var tenant: String

  @Option(
    name: .long,
    help: ArgumentHelp("Only those with this label. (default: all)", valueName: "NAME=VALUE"))
  var label: String?

  var agents: String {
    label.map { "agents of \(tenant) with the label \($0)" } ?? "all agents of \(tenant)"
  }
}

struct ProfilesAssign: ClientCommand {
  static let configuration = CommandConfiguration(
    commandName: "assign",
    abstract: "Put a profile in force for a tenant's agents, in place of another.",
    discussion: "The narrower counts: one for a label before one for all of the tenant.")

  @OptionGroup var options: ClientOptions
  @OptionGroup var assignment: AssignmentOptions

  func perform(_ api: APIClient, _ console: Console) async throws(Refusal) {
    let profile = try await api.profile(assignment.profile)
    _ = try await api.put(
      APIPath("profile-assignments"),
      .some([
        "profile": .string(profile.text("id")), "tenant": .string(assignment.tenant),
        "label": assignment.label.map { .string($0) },
      ]))
    try console.report(
      "The profile \(profile.text("name")) is in force for \(assignment.agents).", [])
  }
}

struct ProfilesUnassign: ClientCommand {
  static let configuration = CommandConfiguration(
    commandName: "unassign", abstract: "End that a profile is in force for them.")

  @OptionGroup var options: ClientOptions
  @OptionGroup var assignment: AssignmentOptions

  func perform(_ api: APIClient, _ console: Console) async throws(Refusal) {
    let profile = try await api.profile(assignment.profile)
    try await api.delete(
      APIPath(
        "profile-assignments",
        query: [
          "profile": profile.text("id"), "tenant": assignment.tenant, "label": assignment.label,
        ]))
    try console.report(
      "The profile \(profile.text("name")) is not in force any more for \(assignment.agents).", [])
  }
}
