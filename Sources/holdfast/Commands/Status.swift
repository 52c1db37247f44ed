import ArgumentParser

struct Status: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Say how this host and its protected services stand.")

  @OptionGroup var options: GlobalOptions

  func run() throws {
    try options.perform(Request("status")) { StatusReport(status: $0, view: $1).lines }
  }
}
