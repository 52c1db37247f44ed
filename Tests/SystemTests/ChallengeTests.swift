import AgentToken
import JSON
import TestSupport
import Testing

/// Tokens that answer a challenge of this host, and those that answer another's.
@Suite(.bootsMachines)
struct ChallengeTests {
  /// Asks for a challenge, as an operator does who is not root.
  private func challenge(_ host: ProtectedHost) async throws -> (nonce: String, text: ChallengeText)
  {
    let reply = try await host.machine.must("runuser -u ana -- holdfast challenge --json")
    let json = try JSON.parse(Array(reply.utf8))
    let text = try ChallengeText(reading: json["text"]?.string ?? "")
    let nonce = try #require(json["nonce"]?.string)
    #expect(text.nonce == nonce)
    #expect(text.identity.agent == "web-1" && text.identity.tenant == "retail")
    #expect(text.ledgerSize > 0 && text.ledgerSize == json["ledger"]?["size"]?.integer)
    #expect(json["expires"]?.integer ?? 0 >= ProtectedHost.now + 880)
    return (nonce, text)
  }

  private func answer(_ host: ProtectedHost, _ nonce: String, issuedAt: Int64? = nil) -> String {
    var draft = host.draft().with("nonce", .string(nonce))
    if let issuedAt {
      draft = draft.with("iat", .integer(issuedAt)).with("exp", .integer(issuedAt + 900))
    }
    return draft.text
  }

  private func expect(
    _ host: ProtectedHost, _ token: String, _ code: String?,
    _ sourceLocation: SourceLocation = #_sourceLocation
  ) async throws {
    let output = try await host.machine.run("holdfast unprotect --json -", input: token + "\n")
    let json = try JSON.parse(Array(output.line.utf8))
    #expect(
      json["error"]?["code"]?.string == code, "\(output.line)", sourceLocation: sourceLocation)
  }

  @Test("an answer opens whatever its times are, once, also after the daemon was killed")
  func answers() async throws {
    try await withProtectedHost { host in
      let (nonce, _) = try await challenge(host)
      // Nobody gets in with a nonce that looks like one.
      try await expect(host, answer(host, "AAAAAAAAAAAAAAAAAAAAAA"), "challenge_unknown")
      try await host.machine.must("kill -9 $(systemctl show --value -p MainPID holdfastd)")
      #expect(try await host.becomesProtected(within: 15))
      let later = ProtectedHost.now + 10 * 365 * 86_400
      let token = answer(host, nonce, issuedAt: later)
      try await expect(host, token, nil)
      #expect(try await host.state == "unprotected")
      try await host.machine.must("holdfast protect")
      try await expect(host, token, "already_used")
      // It told a host that was ten years slow what time it is: what is over by that is over.
      try await expect(host, host.token(), "expired")
      let bearer = host.draft().with("iat", .integer(later)).with("exp", .integer(later + 900))
      try await expect(host, bearer.text, nil)
      try await host.machine.must("holdfast protect")
      try await host.expectProtected()
      let denied = try await host.machine.run("runuser -u mallory -- holdfast challenge")
      #expect(denied.status == 4, "\(denied)")
    }
  }

  @Test("after a reboot nobody knows the challenge any more")
  func reboot() async throws {
    try await withProtectedHost { host in
      let (nonce, _) = try await challenge(host)
      try await host.machine.reboot()
      #expect(try await host.becomesProtected(within: 15))
      try await expect(host, answer(host, nonce), "challenge_unknown")
      try await host.expectProtected()
    }
  }

  @Test("asking very often leaves nothing behind, and keeps nobody out")
  func flood() async throws {
    try await withProtectedHost { host in
      let (first, text) = try await challenge(host)
      let pages = """
        awk '/^Private_Dirty:/ { sum += $2 } END { print sum }' \
          /proc/$(systemctl show --value -p MainPID holdfastd)/smaps_rollup
        """
      let before = Int(try await host.machine.must(pages)) ?? 0
      let answered = try await host.machine.must(
        """
        yes challenge | head -n 50000 | socat -t 30 - UNIX-CONNECT:/run/holdfast/control.sock \
          | grep -c '"nonce"'
        """, timeout: 60)
      #expect(answered == "50000")
      let after = Int(try await host.machine.must(pages)) ?? .max
      #expect(after - before < 1024, "\(before) kB, then \(after) kB")
      #expect(try await challenge(host).text.ledgerSize <= text.ledgerSize + 2)
      try await expect(host, answer(host, first), nil)
    }
  }

  @Test("Bearer=never is taken at once, and gone only with a token")
  func bearerNever() async throws {
    try await withProtectedHost { host in
      let machine = host.machine
      try machine.write("/etc/holdfast/holdfast.conf", "[Protection]\nBearer=never\n")
      try await machine.must("holdfast reload")
      try await expect(host, host.token(), "challenge_required")
      // Not by a file, and not by the absence of one.
      for text in ["[Protection]\nBearer=always\n", ""] {
        try machine.write("/etc/holdfast/holdfast.conf", text)
        let reply = try await machine.run("holdfast reload --json").line
        #expect(reply.contains("Bearer"), "\(reply)")
        try await expect(host, host.token(), "challenge_required")
      }
      try await machine.must("systemctl restart holdfastd || true")
      #expect(try await host.becomesProtected(within: 15))
      try await expect(host, host.token(), "challenge_required")
      try await expect(host, answer(host, challenge(host).nonce), nil)
      try await machine.must("holdfast reload && holdfast protect")
      try await expect(host, host.token(), nil)
    }
  }
}
