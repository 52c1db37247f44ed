import Foundation
import Linux

/// The bench: prints what verifying, asking, opening, closing and idling cost, beside what they
/// are made of. It judges nothing.
///
/// It also runs inside of the machine that it boots, with `--inside` and what to measure there.
@main
enum Main {
  /// The whole run, the making of an image included: seconds.
  private static let patience = 300
  /// For what was cut short to clean up: seconds.
  private static let tidying = 20

  static func main() {
    ignoreSIGPIPE()
    var arguments = Array(CommandLine.arguments.dropFirst())
    if arguments.first == "--inside" {
      arguments.removeFirst()
      exitProcess(Inside.run(arguments))
    }
    guard arguments.isEmpty else {
      print("usage: holdfast-bench")
      exitProcess(2)
    }

    // Before any other thread, which then leaves them to this one.
    var signals = sigset_t()
    sigemptyset(&signals)
    for signal in [SIGINT, SIGTERM, SIGHUP] { sigaddset(&signals, signal) }
    pthread_sigmask(SIG_BLOCK, &signals, nil)

    let session = Session()
    // This thread, and with it the main actor, only waits.
    Task.detached { exitProcess(await run(session)) }
    let why =
      if let signal = wait(for: signals, seconds: patience) {
        Session.Stopped(description: "interrupted", status: 128 + signal)
      } else {
        Session.Stopped(description: "not done after \(patience) s", status: 1)
      }
    Task.detached { await session.stop(why) }
    _ = wait(for: signals, seconds: tidying)
    exitProcess(why.status)
  }

  /// The next of the signals; nil if there is none in time.
  private static func wait(for signals: sigset_t, seconds: Int) -> Int32? {
    var signals = signals
    let end = ContinuousClock.now + .seconds(seconds)
    // It may return early, for reasons of others: EINTR.
    while ContinuousClock.now < end {
      var time = timespec(tv_sec: 1, tv_nsec: 0)
      let signal = sigtimedwait(&signals, nil, &time)
      if signal > 0 { return signal }
    }
    return nil
  }

  /// Measures, and prints what could be; the exit status.
  private static func run(_ session: Session) async -> Int32 {
    var report = Report()
    var remark: String?
    var status: Int32 = 0
    do {
      session.say("token verifications")
      try TokenRates.measure(session).add(to: &report)
      try await Sizes.add(to: &report)
      if let obstacle = MachineBench.obstacle {
        remark = "Skipped what is measured on a machine with Holdfast: \(obstacle)."
      } else {
        try await MachineBench(session: session).run(&report)
      }
    } catch {
      remark = "Cut short: \(session.stopped ?? error)"
      status = session.stopped?.status ?? 1
    }
    await session.end()
    print(report.text, terminator: "")
    if let remark { print("\n\(remark)") }
    return status
  }
}
