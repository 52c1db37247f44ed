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
  private static let cuts = 20

  @Test("the power is cut in the middle of an unprotect, twenty times")
  func powerCuts() async throws {
    try await withVirtualHost { host in
      let first = host.token()
      try await host.beginsToOpen(first)
      let start = ContinuousClock.now
      try await host.answers(first)
      let whole = start.duration(to: .now)
      try await host.protects()

      var found: [CutPower] = []
      for cut in 1...Self.cuts {
        let token = host.token()
        try await host.beginsToOpen(token)
        let start = ContinuousClock.now
        if cut < Self.cuts {
          // From before the request to after the reply.
          try await Task.sleep(until: start + whole * (cut - 1) / (Self.cuts - 4))
        } else {
          try await host.answers(token)
        }
        try await host.machine.cutPower()
        found.append(try await CutPower(host, token))
        print("Cut \(cut) of \(Self.cuts): \(found.last?.description ?? "")")
        try await host.machine.boot()
        try await host.comesBack(from: found)
      }
      // Else nothing was tried.
      #expect(found.contains { $0.isRecorded && !$0.isAnswered })
    }
  }
}

/// What a power cut left of an unprotect.
private struct CutPower: CustomStringConvertible {
  let token: JWSDraft
  /// Its intent, the whole line, is on the disk.
  let isRecorded: Bool
  /// Something on the disk is no longer as it is with a protected unit.
  let isLetGo: Bool
  /// Whoever asked was told that it is open.
  let isAnswered: Bool

  /// Looks at a machine that is off, as its disk is before anything starts from it.
  init(_ host: VirtualHost, _ token: JWSDraft) async throws {
    self.token = token
    isAnswered = host.hasAnswered(token)
    // A last line without an end was cut off; the full stop makes one of it either way.
    let lines = try await host.machine.onDisk("cat var/lib/holdfast/ledger/*; echo .")
      .split(separator: "\n", omittingEmptySubsequences: false).dropLast()
    isRecorded = lines.contains { $0.contains(#""phase":"intent""#) && $0.contains(token.jti) }
    let flags = try await host.machine.onDisk("lsattr usr/sbin/example-agent")
    isLetGo = !flags.prefix { $0 != " " }.contains("i")
    #expect(isRecorded || !isLetGo, "let go of, and nobody knows why: \(self)")
    #expect(isRecorded || !isAnswered, "open, and nobody knows why: \(self)")
  }

  var description: String {
    let what = [
      (isRecorded, "intent on disk"), (isLetGo, "let go of on disk"), (isAnswered, "answered"),
    ].filter(\.0).map(\.1)
    return what.isEmpty ? "nothing had happened" : what.joined(separator: ", ")
  }
}

extension VirtualHost {
  /// Asks to be opened, and goes on; the reply comes on the console.
  fileprivate func beginsToOpen(_ token: JWSDraft) async throws {
    try await machine.must(
      "echo '\(token.text)' | holdfast unprotect --json - >/dev/ttyS0 2>&1 &")
  }

  fileprivate func hasAnswered(_ token: JWSDraft) -> Bool {
    machine.console.contains(token.jti)
  }

  fileprivate func answers(_ token: JWSDraft) async throws {
    let end = ContinuousClock.now + .seconds(120)
    while !hasAnswered(token), ContinuousClock.now < end {
      try await Task.sleep(for: .milliseconds(5))
    }
    try #require(hasAnswered(token))
  }

  /// The machine, up again, is protected, remembers every token, and its ledger holds.
  fileprivate func comesBack(from cuts: [CutPower]) async throws {
    try await standsAgain()
    for unit in [ProtectedHost.agent, ProtectedHost.daemon] {
      let whole = try await machine.run("await-whole 60 \(unit)", timeout: 120)
      #expect(whole.succeeded, "\(unit): \(whole)")
    }
    let verified = try await machine.run("holdfast log verify")
    #expect(verified.succeeded, "\(verified)")
    guard let last = cuts.last else { return }
    // What is not on record was not spent.
    if !last.isRecorded { try await opens(last.token) }
    try await refuses(last.token, "already_used")
  }
}

extension JWSDraft {
  fileprivate var jti: String { payload["jti"]?.string ?? "" }
}
