import AgentToken
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

  @OptionGroup var passedAlong: BundleOption
  @OptionGroup var options: GlobalOptions

  func run() throws {
    let request = try Self.request(token: token.read(), only: only)
    try passedAlong.send(options)
    try options.perform(request) { GrantText.opened($0, view: $1) + [StatusReport.wayBack] }
  }

  static func request(token: String, only: [UnitArgument]) throws(Failure) -> Request {
    var request = try Request("unprotect").adding(token: token)
    for unit in only { request = try request.adding(unit.name, name: "the unit's name") }
    return request
  }
}

/// A trust bundle that came along with a token: the token's key may be in it.
struct BundleOption: ParsableArguments {
  @Option(
    name: .long,
    help: ArgumentHelp(
      "Take this trust bundle first, where it is newer than the one here.", valueName: "file"),
    completion: .file())
  var bundle: String?

  func send(_ options: GlobalOptions) throws(Failure) {
    guard let bundle else { return }
    let bundles = try Bundle.read(bundle).map { Artefact(type: .bundle, text: $0) }
    try bundles.send(options, alongside: true)
  }
}
