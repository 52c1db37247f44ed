import ArgumentParser

struct Check: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Say whether a token would be accepted, without spending it.")

  @OptionGroup var token: TokenOptions
  @OptionGroup var options: GlobalOptions

  func run() throws {
    let request = try Request("check").adding(token: token.read())
    try options.perform(request) { reply, view in
      var line = view.paint.good("This token would be accepted")
      if let until = reply.number("until") {
        line += " until \(Times.moment(until, now: view.now)), "
        line += "\(Times.span(seconds: until - view.now)) more"
      }
      return [line + ". It was not spent.", GrantText.describe(reply, tenant: nil)]
    }
  }
}
