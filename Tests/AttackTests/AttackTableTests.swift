import Protection
import Testing

/// The table itself: needs no machine.
@Suite
struct AttackTableTests {
  @Test("the table can be read, has at least a hundred attacks, and most classes")
  func table() throws {
    let table = try AttackTable.shared.get()
    #expect(table.attacks.count >= 100)
    #expect(!table.harmless.isEmpty)
    // What these need is not there in a container, or is tried elsewhere: SystemTests have
    // the window and the pulled plug.
    let missing = Set(AttackClass.allCases).subtracting(table.classes)
    #expect(missing.isSubset(of: [.kernel, .wholeHost, .blinding, .window]), "\(missing)")
  }

  @Test(
    "what is not a line of the table is said with its number",
    arguments: [
      "stop stop refused", "stop halt refused true", "stop stop stopped true",
      "stop stop healed:soon true", "Stop stop refused true", "ls harmless refused ls",
      "a stop refused true\na stop refused false",
    ])
  func mistakes(text: String) {
    #expect(throws: AttackTable.Mistake.self) { try AttackTable(text) }
  }

  @Test("a line that starts with a space goes on with the command")
  func continuation() throws {
    let table = try AttackTable(
      "# why\na stop healed:7 true\n  false\n\nb harmless works ls\nc state told:8 ls")
    let attack = try #require(table.attacks.first)
    #expect(attack.command == "true\nfalse")
    #expect(attack.seconds == 7)
    #expect(attack.expected == .verdict(.healed))
    #expect(table.attacks.last?.isTold == true && !attack.isTold)
    #expect(table.harmless.map(\.id) == ["b"])
  }

  @Test("the same seed makes the same choice")
  func seeds() throws {
    let table = try AttackTable.shared.get()
    var one = Seed(7)
    var other = Seed(7)
    #expect(table.pairs(5, &one) == table.pairs(5, &other))
  }
}
