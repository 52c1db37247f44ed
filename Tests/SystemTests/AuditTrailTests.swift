import JSON
import TestSupport
import Testing

/// What is on record, and that nobody changes it unnoticed.
@Suite(.bootsMachines)
struct AuditTrailTests {
  private static let journal = """
    journalctl --no-pager -o cat --output-fields=HOLDFAST_CHECKPOINT \
      MESSAGE_ID=57df5f8d5c5f4ef0a4b15fcd4ac77f02
    """

  @Test("what was changed in the ledger is named by its record, and its end is signed for")
  func verifying() async throws {
    try await withProtectedHost { host in
      let machine = host.machine
      try await host.unprotect()
      try await machine.must("holdfast protect")
      #expect(
        try await machine.eventually(
          "\(Self.journal) >/root/signed && holdfast log verify --checkpoint /root/signed"))
      let whole = try await verify(machine, "--checkpoint /root/signed")
      #expect(whole["ok"]?.bool == true)
      #expect((whole["confirmed"]?.array ?? []).count >= 3, "daemon, file and journal: \(whole)")
      let key = try #require(whole["keys"]?.array?.first?.string)
      #expect(key.hasPrefix("holdfast/eu-prod/web-1+"))

      // The daemon puts back what is done to its own file, so that what is done to a copy.
      let spoilt = [
        (#"4s/"time":1/"time":2/"#, "ledger_edited", 4), ("3d", "ledger_removed", 3),
        ("5{h;d};6G", "ledger_swapped", 5), ("2p", "ledger_repeated", 2),
        (#"2s/.*/garbage/"#, "ledger_edited", 2),
      ]
      for (script, code, record) in spoilt {
        try await machine.must(
          "rm -rf /root/copy; cp -r /var/lib/holdfast/ledger /root/copy; sed -i '\(script)' /root/copy/*.jsonl"
        )
        let found = try await verify(machine, "--directory /root/copy")
        #expect(found["error"]?["code"]?.string == code, "\(script): \(found)")
        #expect(found["record"]?.integer == Int64(record), "\(script): \(found)")
      }
      try await machine.must(
        "rm -rf /root/copy; cp -r /var/lib/holdfast/ledger /root/copy; sed -i '6,$d' /root/copy/*.jsonl"
      )
      let cut = try await verify(machine, "--directory /root/copy --checkpoint /root/signed")
      #expect(cut["error"]?["code"]?.string == "ledger_truncated", "\(cut)")
      #expect(cut["record"]?.integer == 6)

      // One signed file, which tells by itself.
      try await machine.must("holdfast log export /root/export")
      try await machine.must("holdfast log verify --key '\(key)' /root/export")
      try await machine.must(#"sed -i 's/"uid":0/"uid":7/' /root/export"#)
      #expect(try await verify(machine, "/root/export")["ok"]?.bool == false)
      try await host.expectProtected()
    }
  }

  @Test("whoever tries or opens is on record with login, terminal, program and parent")
  func naming() async throws {
    try await withProtectedHost { host in
      let machine = host.machine
      _ = try await machine.run("runuser -u mallory -- holdfast unprotect nothing")
      try await host.unprotect()
      try await machine.must("holdfast protect")
      // Refusals are counted for a minute; whoever verifies the ledger has them written.
      try await machine.must("holdfast log verify")
      let uid = try await machine.must("id -u mallory")
      let refused = try await records(machine, "--event refused --outcome denied --uid \(uid)")
      #expect(refused.count == 1)
      #expect(refused.first?["verb"]?.string == "unprotect")

      let opened = try await records(machine, "--event unprotect --uid 0 --since 10m")
      #expect(opened.map { $0["phase"]?.string } == ["intent", "result"])
      for record in refused + opened {
        let peer = try #require(record["peer"])
        #expect(peer["pid"]?.integer ?? 0 > 1)
        #expect(peer["exe"]?.string == "/usr/bin/holdfast")
        #expect(peer["parent"]?["pid"]?.integer ?? 0 > 0)
        #expect(peer["parent"]?["exe"]?.string?.isEmpty == false)
      }
      #expect(try await records(machine, "--until 10d").isEmpty)
      #expect(try await records(machine, "--event unprotect --outcome nothing").isEmpty)
    }
  }

  private func verify(_ machine: Machine, _ arguments: String) async throws -> JSON {
    try JSON.parse(
      Array(try await machine.run("holdfast log verify --json \(arguments)").text.utf8))
  }

  private func records(_ machine: Machine, _ arguments: String) async throws -> [JSON] {
    try await machine.must("holdfast log --json \(arguments)").split(separator: "\n")
      .map { try JSON.parse(Array($0.utf8)) }.filter { $0["seq"] != nil }
  }
}
