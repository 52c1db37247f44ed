import Glibc
import Testing

@testable import Linux

@Suite struct MachineTests {
  @Test func hasIds() {
    #expect(Machine.bootID().utf8.count == 32)
    #expect(Machine.bootID() == Machine.bootID())
    #expect(!Machine.hostName().isEmpty)
    #expect(Machine.appSpecificMachineID("not an id") == nil)
  }

  @Test(.enabled(if: Machine.machineID() != nil, "needs a machine id"))
  func hidesTheMachineID() throws {
    let one = Machine.appSpecificMachineID("00112233445566778899aabbccddeeff")
    let other = Machine.appSpecificMachineID("ffeeddccbbaa99887766554433221100")
    #expect(one?.utf8.count == 32)
    #expect(one != other)
    #expect(one != Machine.machineID())
  }

  @Test(arguments: [
    ("a b\n", ["a", "b"]), ("  a\tb=c  ", ["a", "b=c"]), ("a=\"b c\" d", ["a=b c", "d"]),
    ("'a b'c", ["a bc"]), ("holdfast=off", ["holdfast=off"]), ("", []), ("\"\" x", ["", "x"]),
    ("a\\ b", ["a\\", "b"]), ("\"open end", ["open end"]),
  ])
  func splitsTheCommandLine(line: String, words: [String]) {
    #expect(Machine.words(Array(line.utf8)) == words)
  }

  @Test func splitsArguments() {
    #expect(Machine.arguments([]) == [])
    #expect(Machine.arguments(Array("a\0\0b c\0".utf8)) == ["a", "", "b c"])
    #expect(Machine.arguments(Array("a".utf8)) == ["a"])
  }

  @Test func clocksGoOn() {
    let boot = Clock.boottimeMicroseconds()
    #expect(Clock.boottimeMicroseconds() >= boot)
    #expect(boot >= Clock.monotonicMicroseconds() - 1_000_000)
    #expect(abs(Clock.wallMicroseconds() / 1_000_000 - Clock.wall()) <= 1)
  }

  @Test func readsAccounts() throws {
    let directory = try TemporaryDirectory()
    let file = directory("group")
    try Files.writeAtomically(
      file, "root:x:0:\n# comment\nbad:x\n\nholdfast:x:993:ann,bob\nodd:x:-1:\n:x:5:\nlast:x:7")
    #expect(Groups.id(named: "holdfast", file: file) == 993)
    #expect(Groups.id(named: "root", file: file) == 0)
    #expect(Groups.id(named: "last", file: file) == 7)
    #expect(Groups.id(named: "odd", file: file) == nil)
    #expect(Groups.id(named: "", file: file) == nil)
    #expect(Groups.name(id: 993, file: file) == "holdfast")
    #expect(Groups.id(named: "root", file: directory("none")) == nil)
    #expect(Users.id(named: "root") == 0)
    #expect(Users.name(id: 0) == "root")
  }

  @Test func asksTheNameService() {
    #expect(Users.nameFromService(id: 0) == "root")
    #expect(Users.nameFromService(id: 4_294_967_294) == nil)
  }

  @Test func readsTheEnvironment() {
    #expect(Environment.value(of: "PATH")?.isEmpty == false)
    #expect(Environment.value(of: "HOLDFAST_NO_SUCH_VARIABLE") == nil)
  }

  @Test func sleepsNoLessThanAsked() {
    let start = Clock.monotonicMicroseconds()
    Clock.sleep(microseconds: 20_000)
    #expect(Clock.monotonicMicroseconds() - start >= 20_000)
  }

  @Test("only what systemd takes for it asks for rescue.target")
  func rescue() {
    #expect(Machine.asksForRescue(["quiet", "single"]))
    #expect(Machine.asksForRescue(["systemd.unit=rescue.target"]))
    #expect(!Machine.asksForRescue(["quiet", "systemd.unit=multi-user.target", "11", "emergency"]))
    #expect(!Machine.asksForRescue([]))
  }
}
