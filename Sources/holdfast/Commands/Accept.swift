import ArgumentParser

struct Accept: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Take what status names as changed or tampered with as good.",
    discussion: "Only while the host is unprotected. Look at what it names first.")

  @OptionGroup var options: GlobalOptions

  func run() throws {
    try options.perform(Request("accept")) { reply, view in
      let named = [reply.text("alarms"), reply.text("changed")].compactMap(\.self)
        .filter { !$0.isEmpty }
      return named.isEmpty
        ? ["Accepted as it is now. Nothing was named before."]
        : [view.paint.good("Accepted:")] + named.map { "  \($0)" }
    }
  }
}
