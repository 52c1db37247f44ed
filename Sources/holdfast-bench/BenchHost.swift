import Foundation
import JSON
import Linux
import TestSupport

/// A machine with Holdfast on it, and with this very program, which measures from inside.
struct BenchHost: Sendable {
  let machine: Machine

  private static let program = "/root/holdfast-bench"

  func install() async throws {
    for (name, version) in [("holdfast", Checkout.version), ("example-agent", "1.0")] {
      guard let package = Checkout.package(name, version: version) else {
        throw Machine.Failure(description: "no package \(name) \(version) in \(Checkout.packages)")
      }
      try await machine.install(package)
    }
    let own = try Files.readLink("/proc/self/exe")
    try FileManager.default.copyItem(atPath: own, toPath: machine.hostPath(Self.program))
  }

  /// Enrols it as `web-1` of the tenant `retail`.
  func enrol() async throws {
    // For services of no package, later on.
    try await machine.must(
      """
      mkdir -p /etc/holdfast/holdfast.conf.d
      printf '[Protection]\\nLocalGuards=any\\n' >/etc/holdfast/holdfast.conf.d/bench.conf
      holdfast reload
      """)
    let cluster = MintingAuthority()
    try machine.write("/root/root", cluster.rootJWK.encoded() + "\n")
    try machine.write("/root/bundle", cluster.bundle(issuedAt: Clock.wall() - 86_400).text + "\n")
    try await machine.must(
      "holdfast enroll --bundle /root/bundle --root /root/root --tenant retail --agent web-1")
  }

  /// Guards services of no package with so many further files each. They run `sleep`: what is
  /// measured is what the daemon costs.
  func guardCrowd(services: Int, filesEach files: Int) async throws {
    try await machine.must(
      """
      cd /root && mkdir -p crowd /etc/holdfast/services.d
      for i in $(seq \(services)); do
        mkdir -p /opt/crowd/$i
        printf '#!/bin/sh\\nexec sleep infinity\\n' >/opt/crowd/$i/program
        chmod 0755 /opt/crowd/$i/program
        printf '%s\\n' '[Service]' "ExecStart=/opt/crowd/$i/program" \
          '[Install]' WantedBy=multi-user.target >/etc/systemd/system/crowd-$i.service
        {
          printf '[Service]\\nUnit=crowd-%s.service\\n' $i
          for j in $(seq \(files)); do
            echo $i $j >/opt/crowd/$i/$j
            echo "Files=/opt/crowd/$i/$j"
          done
        } >/etc/holdfast/services.d/crowd-$i.conf
      done
      systemctl daemon-reload
      systemctl enable --now $(seq -f 'crowd-%g.service' \(services))
      holdfast reload
      """, timeout: 90)
    guard
      try await machine.eventually(
        within: 30, "holdfast status | grep -q 'crowd-\(services) .*protected'")
    else { throw Machine.Failure(description: try await machine.run("holdfast status").text) }
  }

  /// What the figures depend on, for whoever compares two runs.
  func description() async throws -> String {
    let systemd = try await machine.must("systemctl --version | sed -n '1s/ (.*//p'")
    let units = try await machine.must("systemctl list-units --all --no-legend | wc -l")
    let kernel = try await HostCommand.run(["uname", "-r"]).line
    let load = try Files.text("/proc/loadavg").split(separator: " ").first ?? ""
    let processors = ProcessInfo.processInfo.activeProcessorCount
    return
      "\(systemd), \(units) units, Linux \(kernel), \(processors) processors, load \(load)"
  }

  // MARK: The daemon

  private func daemon() async throws -> Int32 {
    let text = try await machine.must("systemctl show --value -p MainPID holdfastd")
    guard let pid = Int32(text), pid > 0 else {
      throw Machine.Failure(description: "holdfastd does not run: \(text)")
    }
    return pid
  }

  /// Its proportional set size, so long after whatever was before. Asked for with none of our own
  /// programs running in there, which would share libraries with it.
  func memory(after pause: Duration) async throws -> Sample {
    try await Task.sleep(for: pause)
    let pid = try await daemon()
    let text = try await machine.must("awk '/^Pss:/ { print $2 }' /proc/\(pid)/smaps_rollup")
    guard let kibibytes = Double(text) else { throw Machine.Failure(description: "PSS \(text)") }
    return Sample([kibibytes / 1024])
  }

  func threads() async throws -> Sample {
    let text = try await machine.must("ls /proc/\(try await daemon())/task | wc -l")
    return Sample([Double(text) ?? 0])
  }

  /// How often a second sd-event tells the watchdog that all is well: sd_event_set_watchdog(3) has
  /// it do so after half of the interval, or up to a quarter of it later.
  func watchdogPings() async throws -> Sample {
    let text = try await machine.must("systemctl show --value -p WatchdogUSec holdfastd")
    guard text.hasSuffix("s"), let seconds = Double(text.dropLast()), seconds > 0 else {
      return Sample([0])
    }
    return Sample([1 / (seconds * 0.75), 1 / (seconds * 0.5)])
  }

  struct Idle {
    /// Wake-ups per second.
    let wakeUps: Sample
    /// Milliseconds in a second.
    let processor: Sample
  }

  /// What the daemon does when there is nothing to do.
  func idle(seconds: Int) async throws -> Idle {
    try await Task.sleep(for: .seconds(3))
    let pid = try await daemon()
    // schedstat: nanoseconds on a processor, waiting for one, and how often it got one.
    let text = try await machine.must(
      """
      wakeups() { awk '/^voluntary_ctxt_switches/ { print $2 }' /proc/\(pid)/status; }
      processor() { cut -d ' ' -f 1 /proc/\(pid)/schedstat; }
      before="$(wakeups) $(processor)"
      sleep \(seconds)
      echo "$before $(wakeups) $(processor)"
      """, timeout: seconds + 10)
    let numbers = text.split(separator: " ").compactMap { Double($0) }
    guard numbers.count == 4 else { throw Machine.Failure(description: "idle: \(text)") }
    return Idle(
      wakeUps: Sample([(numbers[2] - numbers[0]) / Double(seconds)]),
      processor: Sample([(numbers[3] - numbers[1]) / 1e6 / Double(seconds)]))
  }

  // MARK: From inside

  /// Runs this program in the machine; what it measured, by name.
  func inside(_ arguments: String...) async throws -> Figures {
    try Figures(
      await machine.must(
        "\(Self.program) --inside \(arguments.joined(separator: " "))", timeout: 90))
  }

  /// What the daemon has others do before it has answered VERB.
  struct Parts {
    /// How often it waits for the disk; nil where strace(1) is missing.
    let syncs: Int?
    /// How often PID 1 reads its units again, and how often then in all.
    let reloads: Sample
    let reloadsInAll: Sample
  }

  func parts(of verb: String) async throws -> Parts {
    let namespace = try await machine.must("readlink /proc/1/ns/pid")
    let pid = try await daemon()
    var counter: SyncCounter?
    if let found = Self.process(pid, in: namespace) {
      counter = try await SyncCounter.attached(to: found)
    }
    let figures = try await inside("once", verb)
    return Parts(
      syncs: try await counter?.count(), reloads: try figures.sample("\(verb) reloads"),
      reloadsInAll: try figures.sample("\(verb) reloads in all"))
  }

  /// This host's id of a process that has the id PID in another namespace: pid_namespaces(7).
  private static func process(_ pid: Int32, in namespace: String) -> Int32? {
    let all = (try? Files.list("/proc")) ?? []
    return all.compactMap { Int32($0) }.first { candidate in
      guard (try? Files.readLink("/proc/\(candidate)/ns/pid")) == namespace,
        let status = try? Files.text("/proc/\(candidate)/status")
      else { return false }
      let line = status.split(separator: "\n").first { $0.hasPrefix("NSpid:") }
      return line?.split(separator: "\t").last.flatMap { Int32($0) } == pid
    }
  }
}

/// What was measured inside, by name: a line for each, its name and its values, tabs in between.
struct Figures: Sendable {
  private let samples: [String: Sample]

  init(_ text: String) throws {
    var samples: [String: Sample] = [:]
    for line in text.split(separator: "\n") {
      let fields = line.split(separator: "\t")
      let values = fields.dropFirst().compactMap { Double($0) }
      guard let name = fields.first, !values.isEmpty, values.count == fields.count - 1 else {
        throw Machine.Failure(description: "not a figure: \(line)")
      }
      samples[String(name)] = Sample(values)
    }
    self.samples = samples
  }

  subscript(name: String) -> Sample? { samples[name] }

  func sample(_ name: String) throws -> Sample {
    guard let sample = samples[name] else {
      throw Machine.Failure(description: "\(name) was not measured")
    }
    return sample
  }
}
