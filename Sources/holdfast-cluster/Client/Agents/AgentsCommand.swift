internal import ArgumentParser

struct AgentsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "agents",
    abstract: "The hosts of the cluster.",
    discussion: """
      AGENT is an agent's id in tokens, such as web-03, or TENANT/web-03, or its host name, or the id \
      of its record.
      """,
    subcommands: [
      AgentsList.self, AgentsShow.self, AgentsLabel.self, AgentsProfile.self, AgentsProtect.self,
      AgentsLog.self, AgentsRetire.self,
    ])
}
