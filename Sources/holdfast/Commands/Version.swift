import ArgumentParser
import Version

struct Version: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Print the versions of this command and of the daemon.")

  @OptionGroup var options: GlobalOptions

  func run() throws {
    if !options.json { Console.print(["holdfast \(holdfastVersion)"]) }
    try options.perform(Request("version")) { reply, _ in
      let tokens = reply.texts("tokens").joined(separator: ", ")
      return [
        "holdfastd \(reply.text("version") ?? "of unknown version")"
          + (tokens.isEmpty ? "" : ", takes \(tokens)")
      ]
    }
  }
}
