import ArgumentParser

struct Challenge: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Ask for a token that needs no clock: make a challenge for it to answer.",
    discussion: """
      Read the text out, or paste it, to whoever issues tokens for this host. A token that answers \
      it opens this host only, once, within 15 minutes, whatever the clock here says.
      """)

  @OptionGroup var options: GlobalOptions

  func run() throws {
    try options.perform(Request("challenge"), describe: Self.describe)
  }

  private static func describe(_ reply: Reply, view: View) -> [String] {
    var lines = ["Read or send this to whoever issues tokens for this host:", ""]
    lines += reply.lines("text").map { "  \($0)" }
    let minutes = reply.number("expires").map { Times.span(seconds: $0 - view.now) } ?? "15 min"
    return lines + [
      "",
      "They answer it with: holdfast-cluster token issue --challenge -",
      "The token opens this host only, once, within \(minutes): holdfast unprotect -",
    ]
  }
}
