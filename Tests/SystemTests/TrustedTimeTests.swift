import JSON
import TestSupport
import Testing

/// What the host knows of the time, taken away from it. Clocks that are set are in LongTests: here the
/// wall clock is that of the machine that the tests run on.
@Suite(.bootsMachines)
struct TrustedTimeTests {
  @Test("what is known of the time, gone from both places, leaves challenges as the only way in")
  func lostState() async throws {
    try await withProtectedHost { host in
      let machine = host.machine
      #expect(try await host.status()["clock"]?.string == "wall")
      // One of the two is enough.
      for places in [["/var/lib/holdfast"], ["/etc/holdfast.state", "/var/lib/holdfast"]] {
        for place in places {
          try await machine.must("chattr -i \(place) \(place)/clock && rm \(place)/clock")
        }
        try await machine.must("kill -9 $(pidof holdfastd)")
        #expect(try await host.becomesProtected(within: 5))
        let isKnown = places.count == 1
        #expect(
          try await host.status()["clock"]?.string == (isKnown ? "wall" : "state_missing"))
      }
      // Nor does it pass by itself.
      try await machine.must("kill -9 $(pidof holdfastd)")
      #expect(try await host.becomesProtected(within: 5))
      let refused = try await machine.run("holdfast unprotect --json -", input: host.token())
      #expect(refused.text.contains("clock_state_missing"), "\(refused)")
      #expect(try await machine.must("holdfast status").contains("holdfast challenge"))
      // What was known before holds: the ledger has it.
      let floor = try await host.status()["time"]?["soft_floor"]?.integer ?? 0
      #expect(floor > ProtectedHost.now - 600)

      try await host.answerChallenge()
      #expect(try await host.status()["clock"]?.string == "wall")
      try await host.allows("holdfast protect")
      try await host.unprotect()
    }
  }

  @Test("a copy of a machine is degraded, and takes nothing but the answer to its own challenge")
  func otherMachine() async throws {
    try await withProtectedHost { host in
      let machine = host.machine
      let earlier = try await host.challenge()
      try await machine.must(
        "echo 0123456789abcdef0123456789abcdef >/etc/machine-id; kill -9 $(pidof holdfastd)")
      #expect(
        try await machine.eventually(
          within: 5, "holdfast status --json | grep -q '\"clock\":\"other_machine\"'"))
      #expect(try await host.state == "degraded")
      #expect(try await machine.must("holdfast status").contains("another machine id"))
      let bearer = try await machine.run("holdfast unprotect --json -", input: host.token())
      #expect(bearer.text.contains("clock_state_missing"), "\(bearer)")
      let stale = try await machine.run(
        "holdfast unprotect --json -", input: host.token(answering: earlier))
      #expect(stale.text.contains("challenge_unknown"), "\(stale)")

      try await host.answerChallenge()
      try await host.allows("holdfast protect")
      try await host.expectProtected()
      try await machine.must("kill -9 $(pidof holdfastd)")
      try await host.expectProtected()
      #expect(try await host.status()["clock"]?.string == "wall")
    }
  }
}

extension ProtectedHost {
  /// The nonce of a new challenge.
  func challenge() async throws -> String {
    let reply = try await machine.must("holdfast challenge --json")
    return try JSON.parse(Array(reply.utf8))["nonce"]?.string ?? ""
  }

  /// Opens the host with the answer to a new challenge.
  func answerChallenge(_ sourceLocation: SourceLocation = #_sourceLocation) async throws {
    let output = try await machine.run(
      "holdfast unprotect -", input: token(answering: try await challenge()))
    #expect(output.succeeded, "\(output)", sourceLocation: sourceLocation)
  }
}
