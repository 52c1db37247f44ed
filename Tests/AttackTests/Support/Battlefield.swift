import Foundation
import JSON
import Protection
import TestSupport

/// Runs attacks on throw-away machines of one Debian, and replaces the machine where an attack
/// left it in no state for the next.
struct Battlefield: Sendable {
  let suite: String

  /// Times the seconds of the table, which are for a machine with nothing else to do: how long it
  /// took is measured, and what is late on a busy one has not failed.
  private static let patience = 3

  /// Where try-attacks and the attacks are, on the machine.
  private static let folder = "/root/attacks"

  /// Runs attacks one after the other, the first on a fresh machine; the machine that the last one
  /// was tried on is then rebooted as the attack left it, and must end protected.
  ///
  /// - Parameters:
  ///   - seconds: how long they may take, machines aside; once that is over, no more are tried.
  ///   - report: told of each outcome as soon as it is known.
  func run(
    _ attacks: [Attack], within seconds: Int = 86_400, report: (Outcome) -> Void
  ) async throws {
    var left = Duration.seconds(seconds)
    var rest = attacks[...]
    while let first = rest.first, left > .zero {
      try await withProtectedHost(suite: suite, limit: 300 + 60 * rest.count) { host in
        try await prepare(host, rest)
        let diagnosis = try await diagnosis(host.machine)
        guard !first.needsReboot else {
          rest = rest.dropFirst()
          return report(try await overReboot(first, host).beside(diagnosis))
        }
        let start = ContinuousClock.now
        let outcomes = try await fight(rest, host.machine, within: Int(left / .seconds(1)))
        left -= start.duration(to: .now)
        rest = rest.dropFirst(outcomes.count)
        for outcome in outcomes { report(outcome.beside(diagnosis)) }
        guard let last = outcomes.last else {
          throw Machine.Failure(description: "nothing came back from the machine")
        }
        // What worked is not to be survived.
        guard last.verdict != .possible else { return }
        let wrong: String
        do {
          _ = try await instrument(host.machine, "release", seconds: 60)
          try await host.machine.reboot()
          wrong = try await settled(host.machine, isTold: last.attack.isTold)
        } catch {
          wrong = "\(error)"
        }
        if !wrong.isEmpty {
          var outcome = Outcome(attack: last.attack, verdict: .possible)
          outcome.wrong = "after a reboot: \(wrong)"
          report(outcome.beside(diagnosis))
        }
      }
    }
  }

  /// The same attack again and again.
  func measure(_ attack: Attack, rounds: Int) async throws -> [Outcome] {
    let attacks = Array(repeating: attack, count: rounds)
    var outcomes: [Outcome] = []
    try await withProtectedHost(suite: suite, limit: 600) { host in
      try await prepare(host, attacks[...])
      outcomes = try await fight(attacks[...], host.machine)
    }
    return outcomes
  }

  /// The same on a machine without Holdfast, on which systemd starts the service again at once.
  func measureBare(_ attack: Attack, rounds: Int) async throws -> [Outcome] {
    var outcomes: [Outcome] = []
    let hasty = Attack(
      id: attack.id, kind: attack.kind, expected: attack.expected, seconds: 1,
      command: attack.command)
    let attacks = Array(repeating: hasty, count: rounds)
    try await withMachine(.debian(suite: suite), limit: 600) { machine in
      try await ProtectedDisk.installExamples(on: machine)
      try await machine.must(
        """
        mkdir -p /etc/systemd/system/example-agent.service.d
        printf '%s\\n' '[Unit]' StartLimitIntervalSec=0 '[Service]' Restart=always RestartSec=0 \
          >/etc/systemd/system/example-agent.service.d/restart.conf
        systemctl daemon-reload
        """)
      try await prepare(ProtectedHost(machine: machine), attacks[...])
      outcomes = try await fight(attacks[...], machine)
    }
    return outcomes
  }

  private func prepare(_ host: ProtectedHost, _ attacks: ArraySlice<Attack>) async throws {
    let machine = host.machine
    try await machine.must("mkdir -p \(Self.folder)")
    for name in ["prelude.sh", "try-attacks"] {
      try machine.copy(Checkout.top + "/Tests/attacks/\(name)", into: Self.folder)
    }
    for name in ["example-agent", "example-neighbour"] {
      for version in ["1.0", "1.1"] {
        try machine.copy(try ProtectedDisk.package(name, version), into: Self.folder)
      }
    }
    try machine.write("\(Self.folder)/token", host.token(window: 60) + "\n")
    for attack in attacks {
      try machine.write("\(Self.folder)/\(attack.id).sh", attack.command + "\n")
    }
    let noted = try await instrument(machine, "note", seconds: 60)
    guard noted.succeeded else { throw Machine.Failure(description: noted.text) }
  }

  /// What `holdfast doctor` says of each class.
  private func diagnosis(_ machine: Machine) async throws -> [AttackClass: AttackVerdict] {
    let text = try await machine.run("holdfast doctor --json").line
    guard let reply = try? JSON.parse(Array(text.utf8)) else {
      return Dictionary(uniqueKeysWithValues: AttackClass.allCases.map { ($0, .possible) })
    }
    var verdicts: [AttackClass: AttackVerdict] = [:]
    guard let classes = reply["classes"]?.array else {
      throw Machine.Failure(description: "doctor: \(text)")
    }
    for entry in classes {
      guard let kind = entry["id"]?.string.flatMap(AttackClass.init(rawValue:)),
        let verdict = entry["verdict"]?.string.flatMap(AttackVerdict.init(rawValue:))
      else { throw Machine.Failure(description: "doctor: \(entry.encoded())") }
      verdicts[kind] = verdict
    }
    return verdicts
  }

  /// The outcomes as far as the machine got.
  private func fight(
    _ attacks: ArraySlice<Attack>, _ machine: Machine, within time: Int = 86_400
  ) async throws -> [Outcome] {
    let names = attacks.map {
      "\($0.id):\($0.seconds * Self.patience)\($0.isTold ? ":told" : "")"
    }.joined(separator: " ")
    let output = try await instrument(
      machine, "run \(time) \(names)", seconds: 120 + 60 * attacks.count)
    var outcomes: [Outcome] = []
    for line in output.text.split(separator: "\n") {
      guard let reply = try? JSON.parse(Array(line.utf8)), let id = reply["id"]?.string,
        let attack = attacks.first(where: { $0.id == id })
      else { throw Machine.Failure(description: output.text) }
      outcomes.append(Outcome(attack: attack, reply: reply))
    }
    return outcomes
  }

  private func overReboot(_ attack: Attack, _ host: ProtectedHost) async throws -> Outcome {
    _ = try await host.machine.run(". \(Self.folder)/prelude.sh; . \(Self.folder)/\(attack.id).sh")
    try await host.machine.reboot()
    let start = ContinuousClock.now
    let wrong = try await settled(
      host.machine, within: attack.seconds * Self.patience, isTold: attack.isTold)
    var outcome = Outcome(attack: attack, verdict: wrong.isEmpty ? .healed : .possible)
    outcome.late = Int(start.duration(to: .now) / .microseconds(1))
    outcome.wrong = wrong
    return outcome
  }

  /// What is wrong with the machine, and stays so; empty where all is well.
  private func settled(_ machine: Machine, within seconds: Int = 30, isTold: Bool = false)
    async throws -> String
  {
    let output = try await instrument(
      machine, "settle \(seconds) \(isTold ? "told" : "")", seconds: seconds + 30)
    guard let reply = try? JSON.parse(Array(output.line.utf8)) else { return output.text }
    return reply["wrong"]?.string ?? ""
  }

  private func instrument(
    _ machine: Machine, _ arguments: String, seconds: Int
  ) async throws -> CommandOutput {
    try await machine.run(
      "perl \(Self.folder)/try-attacks \(arguments)", timeout: seconds,
      // Not its process ids: `kill -9 -1` in there is not to end the instrument.
      namespaces: ["--mount", "--uts", "--ipc", "--net", "--cgroup"])
  }
}
