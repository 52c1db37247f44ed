import Link
import Testing

@Suite struct LineCutterTests {
  @Test(arguments: [
    (["a\nb\n"], ["a", "b"]),
    (["a", "b", "\n", "c\nd"], ["ab", "c"]),
    (["\n\nx\n"], ["", "", "x"]),
    (["abcd\n"], ["abcd"]),
    (["abc", "d\nabcd", "\n"], ["abcd", "abcd"]),
  ])
  func cutsWhereverThePiecesEnd(pieces: [String], lines: [String]) throws {
    var cutter = LineCutter(limit: 4)
    var found: [String] = []
    for piece in pieces {
      cutter.append(piece.utf8)
      while let line = try cutter.next() { found.append(String(decoding: line, as: UTF8.self)) }
    }
    #expect(found == lines)
  }

  @Test(arguments: ["abcde\n", "abcde", "ab\nabcde"])
  func aLineThatIsTooLongIsNotWaitedFor(text: String) {
    var cutter = LineCutter(limit: 4)
    cutter.append(text.utf8)
    #expect(throws: LineCutter.TooLong()) {
      while try cutter.next() != nil {}
    }
  }
}
