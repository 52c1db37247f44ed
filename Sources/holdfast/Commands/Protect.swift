import ArgumentParser

struct Protect: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Protect everything again, now.",
    discussion: "Needs no token. Does no harm where all is protected already.")

  @OptionGroup var options: GlobalOptions

  func run() throws {
    try options.perform(Request("protect"), describe: GrantText.closed)
  }
}
