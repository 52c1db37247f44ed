import Foundation
import JSON
import TestSupport
import Testing

/// The power goes while a host is being opened: whatever had reached the disk by then, the host comes
/// back protected, with a ledger that holds, and no token opens it twice.
///
/// Each cut is a kill of the emulator, and takes what the machine's kernel had not written, and what
/// it had written and not flushed (vm.sh).
@Suite(.bootsVirtualMachines)
struct PowerCutTests {
  /// Twenty, most of them from when the intent is written until the result is.
  private static let moments: [Moment] =
    (0..<4).map { .beforeIntent(Double($0) / 4) }
    + (0..<12).map { .afterIntent(Double($0) / 12) }
    + [.onResult, .onResult, .onAnswer, .onAnswer]

  @Test("the power is cut in the middle of an unprotect, twenty times")
  func powerCuts() async throws {
    try await withVirtualHost { host in
      let pace = try await host.pace()
      print("Undisturbed: \(pace)")
      var found: [CutPower] = []
      for (number, moment) in Self.moments.enumerated() {
        try await host.showsLedger()
        let token = host.token()
        try await host.beginsToOpen(token)
        try await host.comes(to: moment, of: token, at: pace)
        try await host.machine.cutPower()
        let cut = try await CutPower(host, token)
        print("Cut \(number + 1) of \(Self.moments.count), \(moment): \(cut)")
        found.append(cut)
        try await host.machine.boot()
        try await host.comesBack(from: cut)
      }
      // Else not enough was tried.
      #expect(found.contains { !$0.isRecorded })
      #expect(found.count { $0.isRecorded && !$0.isAnswered } >= 5)
      #expect(found.contains { $0.isBegun && !$0.isAnswered })
      #expect(found.contains { $0.isAnswered })
    }
  }
}

/// When to cut the power. The machine itself says how far it is, on its console, because how long it
/// takes for that is another time on every boot.
private enum Moment {
  /// After so much of the time that it takes from the request to the intent.
  case beforeIntent(Double)
  /// After the intent, and so much of the time from there to the result.
  case afterIntent(Double)
  case onResult, onAnswer
}

/// How long an unprotect takes that nobody cuts short.
private struct Pace {
  var toIntent: Duration
  var toResult: Duration
}

/// What a power cut left of an unprotect.
private struct CutPower: CustomStringConvertible {
  let token: JWSDraft
  /// Its intent, the whole line, is on the disk.
  let isRecorded: Bool
  /// A baseline is no longer to be gone by: shields are about to be let go of, or are.
  let isBegun: Bool
  /// Something on the disk is no longer as it is with a protected unit.
  let isLetGo: Bool
  /// Its result is on the disk.
  let isDone: Bool
  /// Whoever asked was told that it is open.
  let isAnswered: Bool

  /// Looks at a machine that is off, as its disk is before anything starts from it.
  init(_ host: VirtualHost, _ token: JWSDraft) async throws {
    self.token = token
    isAnswered = host.hasShown(.answer, of: token)
    // A last line without an end was cut off; the full stop makes one of it either way.
    let lines = try await host.machine.onDisk("cat var/lib/holdfast/ledger/*; echo .")
      .split(separator: "\n", omittingEmptySubsequences: false).dropLast()
      .filter { $0.contains(token.jti) }
    isRecorded = lines.contains { $0.contains(Sign.intent.rawValue) }
    isDone = lines.contains { $0.contains(Sign.result.rawValue) }
    isBegun = try await !host.machine.onDisk(
      "find var/lib/holdfast/guards etc/holdfast.state/guards -name '*.void.json'"
    ).isEmpty
    let flags = try await host.machine.onDisk("lsattr usr/sbin/example-agent")
    isLetGo = !flags.prefix { $0 != " " }.contains("i")
    #expect(isRecorded || !isBegun, "begun, and nobody knows why: \(self)")
    #expect(isBegun || !isLetGo, "let go of, and the old baseline counts: \(self)")
    #expect(isRecorded || !isLetGo, "let go of, and nobody knows why: \(self)")
    #expect(isRecorded || !isAnswered, "open, and nobody knows why: \(self)")
  }

  var description: String {
    let what = [
      (isRecorded, "intent on disk"), (isBegun, "release begun on disk"),
      (isLetGo, "let go of on disk"), (isDone, "result on disk"), (isAnswered, "answered"),
    ].filter(\.0).map(\.1)
    return what.isEmpty ? "nothing had happened" : what.joined(separator: ", ")
  }
}

/// What a line says, of the ledger or of a reply.
private enum Sign: String {
  case intent = #""phase":"intent""#
  case result = #""phase":"result""#
  case answer = #"{"ok":true"#
}

extension VirtualHost {
  /// From now on the console has every line of the ledger, as soon as it is written.
  fileprivate func showsLedger() async throws {
    try await machine.must(
      "tail -n 0 -F /var/lib/holdfast/ledger/ledger.jsonl >/dev/ttyS0 2>/dev/null &")
  }

  /// Asks to be opened, and goes on; the reply comes on the console.
  fileprivate func beginsToOpen(_ token: JWSDraft) async throws {
    try await machine.must(
      "echo '\(token.text)' | holdfast unprotect --json - >/dev/ttyS0 2>&1 &")
  }

  fileprivate func hasShown(_ sign: Sign, of token: JWSDraft) -> Bool {
    machine.console.split(whereSeparator: \.isNewline).contains {
      $0.contains(token.jti) && $0.contains(sign.rawValue)
    }
  }

  private func shows(_ sign: Sign, of token: JWSDraft) async throws {
    let end = ContinuousClock.now + .seconds(120)
    while !hasShown(sign, of: token), ContinuousClock.now < end {
      try await Task.sleep(for: .milliseconds(2))
    }
    try #require(hasShown(sign, of: token))
  }

  /// Opens it once, and protects it again.
  fileprivate func pace() async throws -> Pace {
    try await showsLedger()
    let token = token()
    try await beginsToOpen(token)
    let start = ContinuousClock.now
    try await shows(.intent, of: token)
    let intent = ContinuousClock.now
    try await shows(.result, of: token)
    let result = ContinuousClock.now
    try await shows(.answer, of: token)
    try await machine.must("holdfast protect")
    return Pace(toIntent: start.duration(to: intent), toResult: intent.duration(to: result))
  }

  fileprivate func comes(to moment: Moment, of token: JWSDraft, at pace: Pace) async throws {
    switch moment {
    case .beforeIntent(let part): try await Task.sleep(for: pace.toIntent * part)
    case .afterIntent(let part):
      try await shows(.intent, of: token)
      try await Task.sleep(for: pace.toResult * part)
    case .onResult: try await shows(.result, of: token)
    case .onAnswer: try await shows(.answer, of: token)
    }
  }

  /// The machine, up again, is protected, remembers the token, and its ledger holds.
  fileprivate func comesBack(from cut: CutPower) async throws {
    try await standsAgain()
    for unit in [ProtectedHost.agent, ProtectedHost.daemon] {
      let whole = try await machine.run("await-whole 60 \(unit)", timeout: 120)
      #expect(whole.succeeded, "\(unit): \(whole)")
    }
    let verified = try await machine.run("holdfast log verify")
    #expect(verified.succeeded, "\(verified)")
    // What is not on record was not spent.
    if !cut.isRecorded { try await opens(cut.token) }
    try await refuses(cut.token, "already_used")
  }
}

extension JWSDraft {
  fileprivate var jti: String { payload["jti"]?.string ?? "" }
}
