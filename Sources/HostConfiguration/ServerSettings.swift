/// What `/etc/holdfast/cluster.conf` sets of a cluster's server; nil and empty for what it leaves.
package struct ServerSettings: Sendable, Equatable {
  /// ADDRESS:PORT.
  package var listen: String?
  /// What the server's certificate is for, besides the host's own name and addresses.
  package var names: [String] = []
  /// Whether there is the role of tenant owners.
  package var tenantOwners: Bool?
  /// Seconds, all of these.
  package var session: Int64?
  package var grant: Int64?
  package var agentGoneAfter: Int64?

  package init() {}

  package static func parse(
    path: String, _ bytes: [UInt8]
  ) throws(ConfigurationIssues) -> ServerSettings {
    var settings = ServerSettings()
    var issues = IssueList(file: path)
    let items = SyntaxReader.items(of: bytes, issues: &issues)
    Schema.server.read(items, into: &settings, issues: &issues)
    guard issues.isEmpty else { throw ConfigurationIssues(issues: issues.finished()) }
    return settings
  }
}

extension Schema<ServerSettings> {
  static let server = Schema(
    sections: [
      Section(
        name: "Server",
        settings: [
          Setting(name: "Listen") { (settings, text) throws(ValueProblem) in
            settings.listen = text
          },
          Setting(
            name: "Name", isList: true,
            take: { (settings, text) throws(ValueProblem) in settings.names.append(text) },
            reset: { $0.names = [] }),
          Setting(name: "TenantOwners") { (settings, text) throws(ValueProblem) in
            guard let isOn = ValueReader.boolean(text) else {
              throw ValueProblem("It has to be yes or no.")
            }
            settings.tenantOwners = isOn
          },
          Setting(name: "SessionSec") { (settings, text) throws(ValueProblem) in
            settings.session = try ValueReader.seconds(text, in: 60...30 * 86_400)
          },
          Setting(name: "GrantSec") { (settings, text) throws(ValueProblem) in
            settings.grant = try ValueReader.seconds(text, in: 60...86_400)
          },
          Setting(name: "AgentGoneSec") { (settings, text) throws(ValueProblem) in
            settings.agentGoneAfter = try ValueReader.seconds(text, in: 0...366 * 86_400)
          },
        ])
    ],
    elsewhere: [
      "Control": "holdfast.conf on protected hosts", "Protection": "holdfast.conf, or a profile",
      "Service": "a file in services.d on protected hosts",
    ])
}
