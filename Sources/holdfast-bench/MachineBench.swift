import Foundation
import TestSupport

/// What is measured on a machine: real systemd, Holdfast from its package, enrolled, and
/// `example-agent` guarded.
struct MachineBench {
  let session: Session

  /// Why no machine can be booted here, if so.
  static var obstacle: String? {
    guard geteuid() == 0 else { return "booting one needs root" }
    for tool in ["systemd-nspawn", "mmdebstrap", "nsenter", "mkfs.ext4"] where !isInstalled(tool) {
      return "\(tool) is missing: packaging/install-needed.sh machine"
    }
    guard Checkout.package("holdfast", version: Checkout.version) != nil,
      Checkout.package("example-agent", version: "1.0") != nil
    else { return "there are no packages in build/: make deb" }
    return nil
  }

  private static func isInstalled(_ tool: String) -> Bool {
    ["/usr/bin", "/bin", "/usr/sbin", "/sbin"].contains {
      FileManager.default.isExecutableFile(atPath: "\($0)/\(tool)")
    }
  }

  private static let idleSeconds = 10
  private static let starts = 12
  private static let rounds = 15
  private static let crowd = 20
  private static let crowdFiles = 100

  /// Adds what was measured to the report, as soon as it was.
  func run(_ report: inout Report) async throws {
    session.say("a machine with Holdfast")
    let host = BenchHost(machine: try await session.boot())
    try await host.install()
    try await host.enrol()
    report.heading("On a machine: \(try await host.description())")

    try await rest(host, &report)
    try session.check()
    try await starts(host, &report)
    try session.check()
    try await requests(host, &report)
    try session.check()
    try await changes(host, &report)
    try session.check()
    try await crowd(host, &report)
  }

  private func rest(_ host: BenchHost, _ report: inout Report) async throws {
    session.say("\(Self.idleSeconds) s of doing nothing, with nothing guarded")
    let bare = try await host.idle(seconds: Self.idleSeconds)
    try await host.machine.must("holdfast guard add example-agent")
    session.say("\(Self.idleSeconds) s of doing nothing, with a service guarded")
    let guarding = try await host.idle(seconds: Self.idleSeconds)
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
    report.row("threads", try await host.threads(), .count, limit: 1)
    report.row(
      "PSS, since it was enrolled", try await host.memory(after: .zero), .mebibytes, limit: 8)
  }

  private func starts(_ host: BenchHost, _ report: inout Report) async throws {
    session.say("\(Self.starts) starts")
    let starts = try await host.inside("starts", "\(Self.starts)")
    report.row(
      "start to READY=1, after a kill -9", try starts.sample("start"), .milliseconds, limit: 50)
    report.row(
      "  its processor time by then", try starts.sample("start running"), .milliseconds,
      beside: "waiting for a processor", starts["start queued"])
    report.row(
      "PSS, 5 s after a start", try await host.memory(after: .seconds(5)), .mebibytes, limit: 8)
  }

  private func requests(_ host: BenchHost, _ report: inout Report) async throws {
    session.say("requests")
    let requests = try await host.inside("requests")
    for (name, figure) in Requests.figures {
      report.row(
        name, try requests.sample(figure), .perSecond, beside: "a bare echo",
        requests["\(figure) echo"])
    }
  }

  private func changes(_ host: BenchHost, _ report: inout Report) async throws {
    session.say("\(Self.rounds) times unprotect and protect")
    let parts = [
      ("unprotect", try await host.parts(of: "unprotect")),
      ("protect", try await host.parts(of: "protect")),
    ]
    let syncs = parts.map { "\($0.1.syncs ?? 0)" }
    let changes = try await host.inside("changes", "\(Self.rounds)", syncs[0], syncs[1])
    let reload = try changes.sample("daemon-reload")
    for (verb, part) in parts {
      let whole = try changes.sample(verb)
      let less = Sample(whole.values.map { $0 - reload.median })
      report.row(verb, whole, .milliseconds, beside: "systemctl daemon-reload", reload)
      report.row("  less a daemon-reload", less, .milliseconds, limit: 100)
      if let syncs = part.syncs, let alone = changes["\(verb) syncs"] {
        report.row(
          "  its \(syncs) syncs alone", alone, .milliseconds,
          beside: "all of \(verb)", whole)
      } else {
        report.row("  its syncs alone", "not measured: no strace(1) to count them")
      }
      report.row(
        "  daemon-reloads before the answer", part.reloads, .count,
        beside: "in all", part.reloadsInAll)
    }
    report.row(
      "PSS, after all of this", try await host.memory(after: .seconds(1)), .mebibytes, limit: 8)
  }

  /// What it costs to look after many services with many files.
  private func crowd(_ host: BenchHost, _ report: inout Report) async throws {
    let size = "\(Self.crowd) more services, \(Self.crowd * Self.crowdFiles) files"
    session.say("guarding \(size)")
    try await host.guardCrowd(services: Self.crowd, filesEach: Self.crowdFiles)
    session.say("\(Self.idleSeconds) s of doing nothing, with them")
    let idle = try await host.idle(seconds: Self.idleSeconds)
    report.heading("With \(size)")
    report.row("wake-ups", idle.wakeUps, .perSecond, limit: 2)
    report.row("processor time in a second", idle.processor, .milliseconds)
    report.row("threads", try await host.threads(), .count, limit: 1)
    report.row("PSS", try await host.memory(after: .zero), .mebibytes, limit: 8)
    let starts = try await host.inside("starts", "\(Self.starts)")
    report.row("start to READY=1, after a kill -9", try starts.sample("start"), .milliseconds)
  }
}
