import ArgumentParser

struct Ping: ParsableCommand {
  static let configuration = CommandConfiguration(abstract: "Say whether the daemon answers.")

  @OptionGroup var options: GlobalOptions

  func run() throws {
    try options.perform(Request("ping")) { _, _ in ["holdfastd answers."] }
  }
}
