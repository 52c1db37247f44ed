import ArgumentParser
import Linux

struct Watch: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Print a line at every change of state, until interrupted.")

  @OptionGroup var options: GlobalOptions

  func run() throws {
    // The daemon closes when it restarts, which is itself a change worth seeing: ask again, at most
    // once a second, until nobody answers any more.
    while true {
      let started = Clock.monotonicMicroseconds()
      var lines = 0
      var refusal: Failure?
      try options.daemon.follow(Request("watch"), waitsForever: true) { reply in
        lines += 1
        if options.json { Console.print([reply.encoded]) }
        refusal = reply.refusal
        if refusal != nil { return false }
        if !options.json { Console.print([Self.describe(reply, view: .standardOutput)]) }
        return true
      }
      if let refusal { throw options.json ? refusal.silenced : refusal }
      guard lines > 0 else {
        throw Failure(.unreachable, "holdfastd closed the connection and says no more")
      }
      let passed = Clock.monotonicMicroseconds() - started
      if passed < 1_000_000 { Clock.sleep(microseconds: 1_000_000 - passed) }
    }
  }

  private static func describe(_ reply: Reply, view: View) -> String {
    let state = reply.text("state") ?? "unknown"
    var line = Times.stamp(reply.number("since") ?? view.now) + "  "
    line += view.paint.state(state)
    if let until = reply.number("until") { line += " until \(Times.moment(until, now: view.now))" }
    return line
  }
}
