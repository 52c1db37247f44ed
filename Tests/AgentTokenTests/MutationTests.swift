import AgentToken
import JSON
import Linux
import TestSupport
import Testing

/// A valid token, changed a little in every place: nothing but the original is taken.
@Suite("Mutations")
struct MutationTests {
  private let original = authority.token(.agentInstaller)
    .with("services", ["filebeat.service"]).with("sub", "anna").with("seq", 41).bytes

  /// What a change anywhere in the text can be called: nothing behind the signature is reached.
  private let early: Set<Refusal.Code> = [
    .malformed, .unsupportedAlgorithm, .unknownKey, .badSignature,
  ]

  private func expectRefused(_ texts: some Sequence<[UInt8]>) throws -> Int {
    let verifier = try authority.verifier()
    #expect(try judged(original, by: verifier) == nil)
    var count = 0
    for text in texts where text != original {
      count += 1
      let code = try judged(text, by: verifier)?.code
      guard let code, early.contains(code) else {
        Issue.record("\(code?.rawValue ?? "taken"): \(String(decoding: text, as: UTF8.self))")
        continue
      }
    }
    return count
  }

  @Test func noBitCanBeFlipped() throws {
    let flipped = original.indices.lazy.flatMap { place in
      (0..<8).map { bit in
        var text = original
        text[place] ^= 1 << bit
        return text
      }
    }
    #expect(try expectRefused(flipped) == original.count * 8)
  }

  /// The same of what the characters stand for: each single bit of header, payload and signature,
  /// and the unused ones of last characters.
  @Test func noBitOfWhatItStandsForCanBeFlipped() throws {
    let alphabet = Array(
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)
    let flipped = original.indices.lazy.flatMap { place in
      (0..<6).compactMap { bit -> [UInt8]? in
        guard let value = alphabet.firstIndex(of: original[place]) else { return nil }
        var text = original
        text[place] = alphabet[value ^ 1 << bit]
        return text
      }
    }
    // All but the two dots.
    #expect(try expectRefused(flipped) == (original.count - 2) * 6)
  }

  @Test func nothingCanBeRemovedDoubledOrCutOff() throws {
    let changed = original.indices.lazy.flatMap { place in
      var without = original
      without.remove(at: place)
      var doubled = original
      doubled.insert(original[place], at: place)
      return [without, doubled, Array(original[..<place]), Array(original[place...])]
    }
    #expect(try expectRefused(changed) == original.count * 4 - 1)
  }

  @Test func noBitOfTheSignatureItselfCanBeFlipped() throws {
    let text = String(decoding: original, as: UTF8.self)
    let parts = text.split(separator: ".").map(String.init)
    let signature = try #require(Base64URL.decode(parts[2]))
    let verifier = try authority.verifier()
    for bit in 0..<signature.count * 8 {
      var changed = signature
      changed[bit / 8] ^= 1 << (bit % 8)
      let text = "\(parts[0]).\(parts[1]).\(Base64URL.encode(changed))"
      #expect(try judged(Array(text.utf8), by: verifier)?.code == .badSignature, "bit \(bit)")
    }
  }

  @Test func partsOfTwoTokensMakeNoThird() throws {
    let other = authority.token(.siteAdmin, jti: "jti-fedcba9876543210").bytes
    let first = original.split(separator: 0x2E)
    let second = other.split(separator: 0x2E)
    let verifier = try authority.verifier()
    #expect(try judged(other, by: verifier) == nil)
    for mask in 1..<7 {
      let parts = (0..<3).map { mask >> $0 & 1 == 0 ? first[$0] : second[$0] }
      let text = Array(parts.joined(separator: [0x2E]))
      #expect(try judged(text, by: verifier)?.code == .badSignature, "mask \(mask)")
    }
  }

  /// Bytes changed, removed, doubled, moved and put in, up to eight in one token: 1,000,000 of them in
  /// `make test-long`.
  @Test func noRandomMutantIsTaken() throws {
    let verifier = try authority.verifier()
    let alphabet = Array(
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.=+/ {}\"\n".utf8)
    var state: UInt64 = 0x9E37_79B9_7F4A_7C15
    // xorshift64: the same in every run.
    func random(below limit: Int) -> Int {
      state ^= state << 13
      state ^= state >> 7
      state ^= state << 17
      return Int(state % UInt64(max(1, limit)))
    }
    let count = Environment.value(of: "HOLDFAST_LONG") == nil ? 5_000 : 1_000_000
    for _ in 0..<count {
      var text = original
      for _ in 0...random(below: 8) where !text.isEmpty {
        let place = random(below: text.count)
        switch random(below: 5) {
        case 0: text[place] = alphabet[random(below: alphabet.count)]
        case 1: text[place] = UInt8(random(below: 256))
        case 2: text.remove(at: place)
        case 3: text.insert(alphabet[random(below: alphabet.count)], at: place)
        default: text.swapAt(place, random(below: text.count))
        }
      }
      guard text != original else { continue }
      if try judged(text, by: verifier) == nil {
        Issue.record("taken: \(String(decoding: text, as: UTF8.self))")
      }
    }
  }
}
