import JSON
import Testing

@Suite("Writing")
struct WritingTests {
  @Test func valuesAreWrittenCompactAndInOrder() {
    let value: JSON = [
      "ok": true, "until": 1_760_000_000, "none": nil, "list": [1, -2, "x", false, [], [:]],
      "object": ["b": 1, "a": 2],
    ]
    #expect(
      value.encoded()
        == #"{"ok":true,"until":1760000000,"none":null,"list":[1,-2,"x",false,[],{}],"#
        + #""object":{"b":1,"a":2}}"#)
  }

  @Test(
    arguments: [
      ("\"", #""\"""#), ("\\", #""\\""#), ("/", #""/""#), ("\n\r\t", #""\n\r\t""#),
      ("\u{0}\u{8}\u{1F}", #""\u0000\u0008\u001f""#), ("\u{1B}[31m", #""\u001b[31m""#),
      ("\u{7F}\u{80}\u{9F}", #""\u007f\u0080\u009f""#), ("\u{2028}\u{2029}", #""\u2028\u2029""#),
      ("é€😀\u{A0}", "\"é€😀\u{A0}\""), ("", "\"\""),
    ])
  func whatControlsIsEscaped(_ text: String, _ expected: String) throws {
    #expect(JSON.string(text).encoded() == expected)
    #expect(JSON.object([.init(name: text, value: 1)]).encoded() == "{\(expected):1}")
    #expect(try JSON.parse(Array(expected.utf8)) == .string(text))
  }

  @Test func theExtremesAreWritten() {
    #expect(JSON.integer(.max).encoded() == "9223372036854775807")
    #expect(JSON.integer(.min).encoded() == "-9223372036854775808")
  }

  @Test func everyScalarComesBack() throws {
    var scalars = String.UnicodeScalarView()
    for value in UInt32(0)...0x10FFFF {
      if let scalar = Unicode.Scalar(value) { scalars.append(scalar) }
    }
    let text = String(scalars)
    let limits = JSON.Limits(maxBytes: 8 << 20)
    #expect(try JSON.parse(JSON.string(text).encodedBytes(), limits: limits) == .string(text))
  }

  @Test func anyValueComesBack() throws {
    var numbers = SplitMix(state: 1)
    for _ in 0..<2_000 {
      let value = numbers.value(depth: 5)
      let line = value.encodedBytes()
      #expect(!line.contains { $0 < 0x20 || $0 == 0x7F })
      #expect(try JSON.parse(line) == value)
    }
  }

  @Test func anyTextIsTakenOrRefusedAndWhatIsTakenIsStable() {
    // Valid texts with bytes changed, taken out and put in: more telling than pure noise.
    var numbers = SplitMix(state: 2)
    var taken = 0
    for _ in 0..<20_000 {
      var bytes = numbers.value(depth: 3).encodedBytes()
      for _ in 0..<Int.random(in: 0...3, using: &numbers) where !bytes.isEmpty {
        let place = Int.random(in: 0..<bytes.count, using: &numbers)
        switch Int.random(in: 0..<3, using: &numbers) {
        case 0: bytes[place] = UInt8.random(in: 0...255, using: &numbers)
        case 1: bytes.remove(at: place)
        default: bytes.insert(#"{}[],:"\0-e.u"#.utf8.randomElement(using: &numbers) ?? 0, at: place)
        }
      }
      guard let value = try? JSON.parse(bytes) else { continue }
      taken += 1
      #expect((try? JSON.parse(value.encodedBytes())) == value)
    }
    #expect((1_000..<20_000).contains(taken))
  }
}

/// SplitMix64: the same numbers in every run.
struct SplitMix: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var value = state
    value = (value ^ value >> 30) &* 0xBF58_476D_1CE4_E5B9
    value = (value ^ value >> 27) &* 0x94D0_49BB_1331_11EB
    return value ^ value >> 31
  }

  mutating func value(depth: Int) -> JSON {
    switch Int.random(in: 0..<(depth > 0 ? 7 : 4), using: &self) {
    case 0: .null
    case 1: .bool(Bool.random(using: &self))
    case 2: .integer(Int64.random(in: .min ... .max, using: &self))
    case 3: .string(text())
    case 4: .array((0..<Int.random(in: 0..<4, using: &self)).map { _ in value(depth: depth - 1) })
    default:
      .object(
        (0..<Int.random(in: 0..<5, using: &self)).map {
          .init(name: text() + "\($0)", value: value(depth: depth - 1))
        })
    }
  }

  mutating func text() -> String {
    var scalars = String.UnicodeScalarView()
    for _ in 0..<Int.random(in: 0..<8, using: &self) {
      let limit: UInt32 = Bool.random(using: &self) ? 0x7F : 0x10FFFF
      if let scalar = Unicode.Scalar(UInt32.random(in: 0...limit, using: &self)) {
        scalars.append(scalar)
      }
    }
    return String(scalars)
  }
}
