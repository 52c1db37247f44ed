import ArgumentParser
import JSON
import Ledger
import Linux

struct Log: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Print what was recorded: who opened what, what was refused, what was healed.",
    subcommands: [LogVerify.self, LogExport.self])

  @OptionGroup var filter: LogFilter

  @Flag(name: .shortAndLong, help: "Go on with what is recorded from now on, until interrupted.")
  var follow = false

  @OptionGroup var place: LedgerPlace

  @OptionGroup var options: GlobalOptions

  func validate() throws {
    if follow, place.directory != nil {
      throw ValidationError("--follow asks the daemon; it does not go with --directory.")
    }
  }

  func run() throws {
    let isWanted = filter.test()
    if let directory = place.directory { return try printFiles(in: directory, where: isWanted) }
    var next: Int64 = 0
    while true {
      let page = try page(from: next, where: isWanted)
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

  /// Prints what is in the files; lines that are no records are passed over.
  private func printFiles(
    in directory: String, where isWanted: (Reply) -> Bool
  ) throws(Failure) {
    try LedgerFailure.reading(directory) { () throws(LedgerError) in
      try LedgerText(directory: directory).forEachLine { line in
        guard let json = try? JSON.parse(line), json["seq"] != nil else { return }
        let record = Reply(json)
        if isWanted(record) { Console.print([describe(record)]) }
      }
    }
  }

  private func describe(_ record: Reply) -> String {
    options.json ? record.encoded : LogLine.describe(record, paint: .standardOutput)
  }

  private struct Page {
    /// The line that ended it.
    var end: Reply?
    /// Where to go on; nil where the page had no record.
    var next: Int64?
  }

  /// Asks for records from one number on, and prints those that are wanted.
  private func page(
    from first: Int64, where isWanted: (Reply) -> Bool
  ) throws(Failure) -> Page {
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
      if isWanted(line) { lines.append(describe(line)) }
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
