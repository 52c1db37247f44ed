import ArgumentParser
import JSON
import Linux

/// Which records are shown.
struct LogFilter: ParsableArguments {
  @Option(
    name: .long,
    help: ArgumentHelp(
      "Only newer records: 10m, 2h, 3d, 14:32, 2026-11-21, \"2026-11-21 14:32\".",
      valueName: "time"))
  var since: String?

  @Option(name: .long, help: ArgumentHelp("Only older records, written alike.", valueName: "time"))
  var until: String?

  @Option(
    name: .long,
    help: ArgumentHelp(
      "Only records of this event: unprotect, refused, healed, … Can be given repeatedly.",
      valueName: "event"))
  var event: [String] = []

  @Option(
    name: .long,
    help: ArgumentHelp("Only what this user asked for, or who logged in as it.", valueName: "uid"))
  var uid: Int64?

  @Option(
    name: .long,
    help: ArgumentHelp(
      "Only records with this outcome: ok, expired, unprotected, … Can be given repeatedly.",
      valueName: "outcome"))
  var outcome: [String] = []

  func validate() throws {
    for (name, value) in [("--since", since), ("--until", until)] {
      guard let value, Times.since(value, now: 0) == nil else { continue }
      throw ValidationError(
        "\(name) takes 10m, 2h, 3d, 14:32, 2026-11-21 or \"2026-11-21 14:32\", not "
          + "\(Text.printable(value)).")
    }
  }

  /// The test for a record, with what was said of times counted from now.
  func test() -> (Reply) -> Bool {
    let now = Clock.wall()
    let oldest = since.flatMap { Times.since($0, now: now) } ?? .min
    let newest = until.flatMap { Times.since($0, now: now) } ?? .max
    let (events, outcomes) = (Set(event), Set(outcome))
    return { record in
      // A record without a time is shown rather than kept back.
      if let time = record.number("time"), time < oldest || time > newest { return false }
      if !events.isEmpty, !events.contains(record.text("event") ?? "") { return false }
      if !outcomes.isEmpty, !outcomes.contains(record.text("outcome") ?? "") { return false }
      guard let uid else { return true }
      let peer = record["peer"]
      return peer?.number("uid") == uid || peer?.number("loginuid") == uid
    }
  }
}
