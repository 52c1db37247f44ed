import Glibc
import Linux
import Testing

/// What runs as another user: only root can have that done.
@Suite(.enabled(if: geteuid() == 0, "needs root")) struct UserCommandTests {
  private let nobody = UserCommand(uid: 65534, gid: 65534, environment: ["NAME=value"])

  private func said(_ script: String, input: String = "") throws -> String {
    let answer = try nobody.run(
      ["/bin/sh", "-c", script], input: Array(input.utf8), outputLimit: 4096)
    #expect(answer.status == 0)
    return String(decoding: answer.output, as: UTF8.self)
  }

  @Test func hasNothingOfOurs() throws {
    #expect(
      try said("id -u; id -G; pwd; echo $NAME; echo ${HOME-none}")
        == "65534\n65534\n/\nvalue\nnone\n")
    #expect(
      try said("grep -E '^(NoNewPrivs|CapEff|CapBnd)' /proc/self/status | tr -d '[:blank:]'")
        == "CapEff:0000000000000000\nCapBnd:0000000000000000\nNoNewPrivs:1\n")
  }

  @Test func isToldAndHeardOut() throws {
    #expect(try said("cat; echo end", input: "told\n") == "told\nend\n")
    let much = String(repeating: "x", count: UserCommand.inputLimit)
    #expect(try said("wc -c", input: much).hasPrefix("\(UserCommand.inputLimit)"))
    #expect(try said("exec 0<&-; echo deaf", input: "told\n") == "deaf\n")
    let answer = try nobody.run(["/bin/sh", "-c", "exit 7"], input: [], outputLimit: 9)
    #expect(answer.status == 7)
  }

  @Test func hasItsLimits() throws {
    #expect(throws: SystemError.self) {
      try nobody.run(["cat"], input: [UInt8](repeating: 0, count: 65_537), outputLimit: 9)
    }
    #expect(throws: SystemError.self) {
      try nobody.run(["/bin/sh", "-c", "yes"], input: [], outputLimit: 9)
    }
  }

  @Test func whatIsNotThereSaysSo() throws {
    #expect(try nobody.run(["/nonexistent"], input: [], outputLimit: 9).status == 127)
  }
}
