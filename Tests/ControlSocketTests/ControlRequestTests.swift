import AgentToken
import ControlSocket
import Testing

@Suite struct ControlRequestTests {
  @Test func splitsAtSingleSpaces() throws {
    let request = try ControlRequest(line: Array("unprotect a.b.c x.service".utf8))
    #expect(request.verb == "unprotect")
    #expect(request.arguments == ["a.b.c", "x.service"])
    #expect(try ControlRequest(line: Array("ping".utf8)).arguments == [])
  }

  @Test func enrolTakesTheRestAsItIs() throws {
    let request = try ControlRequest(line: Array(#"enroll {"tenant": "a  b"}"#.utf8))
    #expect(request.rest == #"{"tenant": "a  b"}"#)
  }

  static let bad: [[UInt8]] = [
    [], Array(" ".utf8), Array("ping ".utf8), Array("unprotect  x".utf8), Array("enroll ".utf8),
    Array("ping\r".utf8), Array("ping\u{0}".utf8), Array("unprotect a\tb".utf8),
    Array("unprotect a\u{85}b".utf8), [0x70, 0xFF], [0x70, 0x20, 0xC0, 0x80],
  ]

  @Test(arguments: bad)
  func everythingElseIsBadArguments(line: [UInt8]) {
    #expect {
      _ = try ControlRequest(line: line)
    } throws: { error in
      (error as? Refusal)?.code == .badArguments
    }
  }
}
