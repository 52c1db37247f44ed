import ArgumentParser

struct Unprotect: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Let go of the services for a while, with an agent token.",
    discussion: """
      Services can then be stopped, changed, upgraded and removed. They are protected again when \
      the time is over, after a restart, when the cluster is back, or with `holdfast protect`.
      """)

  @OptionGroup var token: TokenOptions

  @Option(
    name: .long,
    help: ArgumentHelp("Release only this unit. Can be repeated.", valueName: "unit"))
  var only: [UnitArgument] = []

  @OptionGroup var options: GlobalOptions

  func run() throws {
    let request = try Self.request(token: token.read(), only: only)
    try options.perform(request) { GrantText.opened($0, view: $1) + [StatusReport.wayBack] }
  }

  static func request(token: String, only: [UnitArgument]) throws(Failure) -> Request {
    var request = try Request("unprotect").adding(token: token)
    for unit in only { request = try request.adding(unit.name, name: "the unit's name") }
    return request
  }
}
