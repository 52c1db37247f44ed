import ArgumentParser
import Linux

struct Log: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Print what was recorded: who opened what, what was refused, what was healed.")

  @Option(
    name: .long,
    help: ArgumentHelp(
      "Only newer records: 10m, 2h, 3d, 14:32, 2026-11-21, \"2026-11-21 14:32\".",
      valueName: "time"))
  var since: String?

  @Flag(name: .shortAndLong, help: "Go on with what is recorded from now on, until interrupted.")
  var follow = false

  @OptionGroup var options: GlobalOptions

  func validate() throws {
    if let since, Times.since(since, now: 0) == nil {
      throw ValidationError(
        "--since takes 10m, 2h, 3d, 14:32, 2026-11-21 or \"2026-11-21 14:32\", not "
          + "\(Text.printable(since)).")
    }
  }

  func run() throws {
    let oldest = since.flatMap { Times.since($0, now: Clock.wall()) }
    var next: Int64 = 0
    while true {
      let page = try page(from: next, oldest: oldest)
      // A page that says nothing new is the end of the ledger.
      if let following = page.next, following > next {
        next = following
        continue
      }
      guard follow else {
        if options.json, let end = page.end { Console.print([end.encoded]) }
        return
      }
      // The socket has no way to wait for records.
      Clock.sleep(microseconds: 1_000_000)
    }
  }

  private struct Page {
    /// The line that ended it.
    var end: Reply?
    /// Where to go on; nil where the page had no record.
    var next: Int64?
  }

  /// Asks for records from one number on, and prints those that are new enough.
  private func page(from first: Int64, oldest: Int64?) throws(Failure) -> Page {
    var page = Page()
    var refusal: Failure?
    var lines: [String] = []
    var count = 0
    try options.daemon.follow(Request(first == 0 ? "events" : "events since \(first)")) { line in
      // A record has a number; anything else ends the page, or is a mistake.
      if line["ok"] != nil || line["seq"] == nil {
        page.end = line
        refusal = line.refusal
        return false
      }
      count += 1
      if oldest.map({ (line.number("time") ?? .max) >= $0 }) ?? true {
        lines.append(options.json ? line.encoded : LogLine.describe(line, paint: .standardOutput))
      }
      return true
    }
    Console.print(lines)
    if let refusal {
      if options.json, let end = page.end { Console.print([end.encoded]) }
      throw options.json ? refusal.silenced : refusal
    }
    guard let end = page.end else {
      throw Failure(.unreachable, "holdfastd closed the connection before the log's end")
    }
    page.next = count == 0 ? nil : end.number("next")
    return page
  }
}
