internal import AgentToken
internal import ArgumentParser
internal import ClusterClient
internal import JSON

struct AgentsShow: ClientCommand {
  static let configuration = CommandConfiguration(
    commandName: "show",
    abstract: "Show an agent: how it stands, its services, and what attacks on it come to.")

  @OptionGroup var options: ClientOptions

  @Argument(help: ArgumentHelp("Which.", valueName: "AGENT"))
  var agent: String

  func perform(_ api: APIClient, _ console: Console) async throws(Refusal) {
    let found = try await AgentLookup.one(agent, api)
    let reply = try await api.get(APIPath("agents", found.text("id")))
    let protection = reply.text("protection")
    let rows = [
      ["id", reply.text("id")], ["host name", reply.text("hostname")],
      ["link", AgentWords.link(reply)], ["state", AgentWords.remark(reply)],
      ["protection", protection.isEmpty ? "unknown" : protection],
      ["profile", AgentWords.profile(reply) + reply.text("profile_source").after(", from ")],
      ["labels", AgentWords.labels(reply)],
      [
        "shields", reply.flag("high_assurance") ? "" : "user space only, by its registration token",
      ],
      ["clock", reply.text("clock")], ["version", reply.text("version")],
      ["trust bundle", reply.text("bundle")],
      ["enrolled", "\(reply.time("enrolled_at")) by \(reply.text("owner_name"))"],
      ["certificate", reply.time("certificate_expires").after("until ")],
      ["ledger", "\(reply.text("ledger_records")) records are kept here"],
      ["reported", reply.time("reported_at")],
    ]
    var text =
      "\(reply.text("agent")), tenant \(reply.text("tenant"))\n"
      + Table.text(rows.filter { !$0[1].isEmpty })
    let services = reply["status"]?["services"]?.members ?? []
    if !services.isEmpty {
      text +=
        "\n\n"
        + Table.text(
          services.map {
            [
              Words.plain($0.name), $0.value.text("active"), $0.value.text("state"),
              $0.value.text("problem"),
            ]
          })
    }
    if let doctor = reply["doctor"], let refused = doctor["refused"]?.integer {
      let possible = (doctor["classes"]?.array ?? []).filter {
        $0["verdict"]?.string == "possible"
      }
      text +=
        "\n\nAttacks: \(refused) classes refused, \(doctor.text("healed")) healed, "
        + "\(doctor.text("possible")) possible"
      if !possible.isEmpty {
        text += "\n" + Table.text(possible.map { [$0.text("title"), $0.text("reason")] })
      }
    }
    try console.report(text, reply.members ?? [])
  }
}

extension String {
  /// Nothing where this is nothing.
  fileprivate func after(_ prefix: String) -> String { isEmpty ? "" : prefix + self }
}
