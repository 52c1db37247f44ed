import Testing

@testable import HostConfiguration

/// Whatever bytes there are in a file, reading it ends, and its issues have lines that exist.
@Suite struct FuzzTests {
  private static let pieces: [String] = [
    "[Control]", "[Protection]", "[Service]", "[", "]", "=", "\n", "\n", "\n", "\r\n", "\\\n", "\\",
    "#", ";", "\"", "'", " ", "\t", "\0", "MaxConnections", "MaxWindowSec=", "1h 30min", "Files=",
    "/a", "Unit=a.service", "Upgrades=token", "LocalGuards=none", "\\x41", "\\u", "é", "-1", "1.",
    "99999999999999999999", "\u{FEFF}", "\u{85}",
  ]

  private func check(_ bytes: [UInt8]) {
    let lines = bytes.count { $0 == UInt8(ascii: "\n") } + 1
    for kind in [ConfigurationSource.Kind.main, .dropIn, .service] {
      let reading = Settings.read([ConfigurationSource(path: "f", bytes: bytes, kind: kind)])
      #expect(reading.issues.allSatisfy { (0...lines).contains($0.line) && $0.file == "f" })
      #expect(reading.settings == .standard || kind != .service)
      // What was read is always within the limits, and can be written.
      let copy = Settings.read([main(reading.settings.render())])
      #expect(copy.issues.isEmpty)
      #expect(copy.settings == reading.settings)
    }
  }

  @Test func randomBytes() {
    for _ in 0..<300 {
      check((0..<Int.random(in: 0..<200)).map { _ in .random(in: 0...255) })
    }
  }

  @Test func randomPieces() {
    for _ in 0..<1000 {
      check(
        (0..<Int.random(in: 0..<40)).flatMap { _ in
          Array((Self.pieces.randomElement() ?? "").utf8)
        })
    }
  }

  @Test func everyPrefixAndEveryFlippedByte() {
    let text = Array(
      "[Control]\nMaxConnections=5 \\\n# c\n\n[Service]\nUnit=a.service\nFiles=\"/a b\" /c\\x41\n"
        .utf8)
    for end in text.indices { check(Array(text[..<end])) }
    for index in text.indices {
      for byte: UInt8 in [0, 0x0A, 0x22, 0x5C, 0xC3, 0xFF] {
        var changed = text
        changed[index] = byte
        check(changed)
      }
    }
  }

  /// Long lines take no more than a moment.
  @Test(.timeLimit(.minutes(1))) func largestFiles() {
    for piece in ["x", "\\", "\"", "/a ", "\\\n", "[", "=", "#\\\n", "Files=/a\n", "1h "] {
      for start in ["", "[Service]\nFiles=", "[Protection]\nMaxWindowSec="] {
        let count = (ConfigurationSource.maxBytes - start.utf8.count) / piece.utf8.count
        check(Array((start + String(repeating: piece, count: count)).utf8))
      }
    }
  }
}
