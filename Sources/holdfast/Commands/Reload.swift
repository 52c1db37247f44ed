import ArgumentParser

struct Reload: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Take changes in /etc/holdfast that make protection stricter.",
    discussion: """
      What would loosen protection is named and not taken: that needs an unprotect or a profile \
      from the cluster. Exit status 1 where anything was not taken.
      """)

  @OptionGroup var options: GlobalOptions

  func run() throws {
    let reply = try options.perform(Request("reload")) { reply, view in
      let taken = reply.list("taken").map { "  \(Self.describe($0))" }
      let refused = reply.list("refused").map { "  \(Self.describe($0))" }
      guard !taken.isEmpty || !refused.isEmpty else { return ["Nothing had changed."] }
      return (taken.isEmpty ? [] : [view.paint.good("Taken:")] + taken)
        + (refused.isEmpty
          ? []
          : [view.paint.bad("Not taken, because it would loosen protection:")] + refused
            + ["To take it: holdfast unprotect -, then holdfast reload"])
    }
    if !reply.list("refused").isEmpty { throw Failure(.refused, nil) }
  }

  /// `[Control] MaxConnections: from 64 to 32`
  private static func describe(_ change: Reply) -> String {
    if let text = change.text { return text }
    let name = [change.text("unit"), change.text("key")]
      .compactMap(\.self).joined(separator: " ")
    if let message = change.text("message") { return "\(name): \(message)" }
    switch (change.text("old"), change.text("new")) {
    case (let old?, let new?): return "\(name): from \(old) to \(new)"
    case (nil, let new?): return "\(name): \(new), added"
    case (let old?, nil): return "\(name): \(old), removed"
    case (nil, nil): return name
    }
  }
}
