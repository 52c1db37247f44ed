import Foundation
import TestSupport

/// What is measured on a machine: real systemd, Holdfast from its package, enrolled, and
/// `example-agent` guarded.
struct MachineBench {
  let session: Session

  /// Why no machine can be booted here, if so.
  static var obstacle: String? {
    guard geteuid() == 0 else { return "booting one needs root" }
    let folders = ["/usr/bin", "/bin", "/usr/sbin", "/sbin"]
    for tool in ["systemd-nspawn", "mmdebstrap", "nsenter", "mkfs.ext4"]
    where !folders.contains(where: { FileManager.default.isExecutableFile(atPath: "\($0)/\(tool)") })
    {
      return "\(tool) is missing: packaging/install-needed.sh machine"
    }
    guard Checkout.package("holdfast", version: Checkout.version) != nil,
      Checkout.package("example-agent", version: "1.0") != nil
    else { return "there are no packages in build/: make deb" }
    return nil
  }

  private static let idleSeconds = 10
  private static let starts = 12
  private static let rounds = 15

  func run(_ report: inout Report) async throws {
    session.say("a machine with Holdfast")
    let host = BenchHost(machine: try await session.boot())
    try await host.install()
    try await host.enrol()
    report.heading("On a machine: \(try await host.description())")

    session.say("\(Self.idleSeconds) s of doing nothing, with nothing guarded")
    let bare = try await host.idle(seconds: Self.idleSeconds)
    try await host.machine.must("holdfast guard add example-agent")
    session.say("\(Self.idleSeconds) s of doing nothing, with a service guarded")
    let guarding = try await host.idle(seconds: Self.idleSeconds)

    session.say("\(Self.starts) starts")
    let starts = try await host.inside("starts", "\(Self.starts)")
    try session.check()
    let fresh = try await host.memory()
    let threads = try await host.threads()

    session.say("requests")
    let requests = try await host.inside("requests")
    try session.check()

    session.say("\(Self.rounds) times unprotect and protect")
    let unprotectSyncs = try await host.syncs(of: "unprotect")
    let protectSyncs = try await host.syncs(of: "protect")
    let changes = try await host.inside(
      "changes", "\(Self.rounds)", "\(unprotectSyncs ?? 0)", "\(protectSyncs ?? 0)")
    let used = try await host.memory()

    add(requests: requests, to: &report)
    let reload = try changes.sample("daemon-reload")
    for (verb, syncs) in [("unprotect", unprotectSyncs), ("protect", protectSyncs)] {
      try add(
        verb, changes.sample(verb), less: changes.sample("\(verb) less daemon-reload"),
        reload: reload, syncs: syncs, alone: changes["\(verb) syncs"], to: &report)
    }
    report.row(
      "start to READY=1, after kill -9", try starts.sample("start"), .milliseconds, limit: 50)
    report.row("PSS, just started", fresh, .mebibytes, limit: 8)
    report.row("PSS, after all of this", used, .mebibytes, limit: 8)
    report.row("threads", threads, .count, limit: 1)
    let pings = try await host.watchdogPings()
    report.row(
      "wake-ups, nothing guarded", bare.wakeUps, .perSecond, beside: "watchdog pings due", pings)
    report.row("wake-ups, a service guarded", guarding.wakeUps, .perSecond, limit: 2)
    report.row(
      "  less those with nothing guarded",
      Sample([guarding.wakeUps.median - bare.wakeUps.median]), .perSecond, limit: 2)
    report.row(
      "processor time in a second, a service guarded", guarding.processor, .milliseconds,
      beside: "nothing guarded", bare.processor)
  }

  private func add(requests: Figures, to report: inout Report) {
    for (name, figure) in Requests.figures {
      guard let sample = requests[figure] else { continue }
      report.row(name, sample, .perSecond, beside: "a bare echo", requests["\(figure) echo"])
    }
  }

  private func add(
    _ verb: String, _ sample: Sample, less: Sample, reload: Sample, syncs: Int?, alone: Sample?,
    to report: inout Report
  ) {
    report.row(verb, sample, .milliseconds, beside: "systemctl daemon-reload", reload)
    report.row("  less a daemon-reload", less, .milliseconds, limit: 100)
    guard let syncs else {
      return report.row("  the same", sample, .milliseconds, beside: "strace to count syncs", nil)
    }
    report.row("  the same", less, .milliseconds, beside: "its \(syncs) syncs alone", alone)
  }
}
