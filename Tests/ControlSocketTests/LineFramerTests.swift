import ControlSocket
import Testing

@Suite struct LineFramerTests {
  func lines(_ pieces: [String]) -> [String] {
    var framer = LineFramer()
    var found: [String] = []
    for piece in pieces {
      framer.append(Array(piece.utf8))
      while case .line(let line) = framer.next() {
        found.append(String(decoding: line, as: UTF8.self))
      }
    }
    return found
  }

  @Test func cutsAtLineFeedsWhereverThePiecesEnd() {
    #expect(lines(["ping\nstatus\n"]) == ["ping", "status"])
    #expect(lines(["pi", "ng", "\n", "sta", "tus\nx"]) == ["ping", "status"])
    #expect(lines(["\n"]) == [""])
    #expect(lines(["a\r\n"]) == ["a\r"])
  }

  /// 4,096 bytes with the newline, by contract.
  @Test(arguments: [(4095, true), (4096, false)])
  func aLineHas4096BytesAtMost(count: Int, fits: Bool) {
    var framer = LineFramer()
    framer.append([UInt8](repeating: 0x61, count: count) + [10])
    if fits {
      #expect(framer.next() == .line([UInt8](repeating: 0x61, count: count)))
    } else {
      #expect(framer.next() == .tooLong)
    }
  }

  @Test func anEndlessLineIsNotWaitedFor() {
    var framer = LineFramer()
    framer.append([UInt8](repeating: 0x61, count: 4095))
    #expect(framer.next() == .incomplete)
    framer.append([0x61])
    #expect(framer.next() == .tooLong)
  }

  /// `bundle` and `enroll` take 384 KiB, nobody else does.
  @Test(arguments: [
    ("bundle ", true), ("enroll ", true), ("unprotect ", false), ("bundles ", false),
  ])
  func onlyDocumentsAreLong(verb: String, fits: Bool) {
    let limit = 384 * 1024
    var framer = LineFramer()
    let line = Array(verb.utf8) + [UInt8](repeating: 0x61, count: limit - verb.utf8.count - 1)
    framer.append(line + [10])
    #expect(framer.next() == (fits ? .line(line) : .tooLong))
    framer = LineFramer()
    framer.append(line + [0x61, 10])
    #expect(framer.next() == .tooLong)
  }
}
