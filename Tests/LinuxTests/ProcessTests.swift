import Glibc
import Testing

@testable import Linux

@Suite struct ProcessTests {
  @Test func seesAStoppedChild() throws {
    let child = try Child("sleep", "60")
    try Processes.signal(child.pid, SIGSTOP)
    child.waitUntilStopped()
    #expect(Processes.state(child.pid) == "T")
    try Processes.signal(child.pid, SIGCONT)
    #expect(Processes.startTime(child.pid) != nil)
    child.end()
    #expect(Processes.state(child.pid) == nil)
    let error = #expect(throws: SystemError.self) { try Processes.signal(child.pid, SIGCONT) }
    #expect(error?.errno == ESRCH)
  }

  @Test(arguments: [0, -1] as [Int32]) func neverSignalsAGroup(pid: Int32) {
    let error = #expect(throws: SystemError.self) { try Processes.signal(pid, 0) }
    #expect(error?.errno == ESRCH)
  }

  @Test func readsANameWithBracketsAndSpaces() throws {
    let line =
      "42 (a) b (c)) S 7 42 42 34823 42 4194304 1 0 0 0 1 2 0 0 20 0 1 0 98765 1000 10 "
      + "18446744073709551615 1 1 0 0 0 0 0 0 0 0 0 0 17 0 0 0 0 0 0\n"
    let status = try #require(ProcessStatus(Array(line.utf8)))
    #expect(status.name == "a) b (c)")
    #expect(status.state == "S")
    #expect(status.parent == 7)
    #expect(status.startTime == 98765)
    #expect(status.terminalName == "pts/7")
    #expect(ProcessStatus([]) == nil)
    #expect(ProcessStatus(Array("1 (x".utf8)) == nil)
    #expect(ProcessStatus(Array("1 (x) S 1".utf8)) == nil)
  }

  @Test(
    arguments: [
      (0, nil), (0x401, "tty1"), (0x440, "ttyS0"), (0x8800, "pts/0"), (0x8900, "pts/256"),
      (0x8805 | 1 << 20, "pts/261"), (0x500, nil),
    ] as [(Int, String?)])
  func namesTerminals(device: Int, name: String?) throws {
    let line = "1 (x) S 1 1 1 \(device) 1 0 0 0 0 0 0 0 0 0 20 0 1 0 5 0"
    #expect(try #require(ProcessStatus(Array(line.utf8))).terminalName == name)
  }

  @Test func knowsItself() throws {
    #expect(Processes.executable(getpid()) == (try Files.readLink("/proc/self/exe")))
    #expect(Processes.arguments(getpid())?.isEmpty == false)
    #expect(ControlGroup.of(getpid())?.hasPrefix("/") == true)
  }

  @Test(
    arguments: [
      ("0::/system.slice/a:b.service\n", true, "/system.slice/a:b.service"),
      ("9:name=systemd:/user.slice\n1:cpu:/\n0::/\n", false, "/user.slice"),
      ("9:name=systemd:/\n0::/user.slice\n", true, "/user.slice"), ("1:cpu:/x\n", true, nil),
      ("", false, nil),
    ] as [(String, Bool, String?)])
  func readsControlGroups(text: String, isUnified: Bool, group: String?) {
    #expect(ControlGroup.systemdGroup(text, isUnified: isUnified) == group)
  }

  @Test func findsNobodyInNoCgroup() {
    #expect(ControlGroup.processes("/nonexistent.slice").isEmpty)
  }
}
