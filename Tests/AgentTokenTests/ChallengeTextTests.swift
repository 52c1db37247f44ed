import Testing

@testable import AgentToken

/// What is read out over a telephone, and what is wrong with what was heard.
@Suite struct ChallengeTextTests {
  private func text(
    cluster: String = "eu-prod", tenant: String = "retail", agent: String = "web-03",
    size: Int64 = 1482, wall: Int64 = 1_790_000_000
  ) throws -> ChallengeText {
    ChallengeText(
      identity: try Identity(cluster: cluster, tenant: tenant, agent: agent),
      nonce: Base64URL.encode(Array(1...16)), ledgerSize: size,
      ledgerHead: Array(0xA0...0xBF), wall: wall)
  }

  private func problem(_ text: String) -> String? {
    do throws(ChallengeText.Malformed) {
      _ = try ChallengeText(reading: text)
      return nil
    } catch {
      return error.message
    }
  }

  @Test func itIsReadAsItWasWritten() throws {
    for challenge in [
      try text(), try text(cluster: "a", tenant: "B", agent: "c:/._-9", size: 0, wall: 0),
      try text(
        cluster: String(repeating: "c", count: 128), tenant: String(repeating: "t", count: 128),
        agent: String(repeating: "A", count: 128), size: .max, wall: .max),
    ] {
      let read = try ChallengeText(reading: challenge.text)
      #expect(read == challenge)
      #expect(read.ledgerHead == Array(0xA0...0xA7))
    }
    #expect(try text(size: .max).ledgerSize == 4_294_967_295)
    #expect(try text(wall: -5).wall == 0)
  }

  @Test func itIsShort() throws {
    let lines = try text().text.split(separator: "\n")
    #expect(lines.first == "eu-prod retail web-03")
    #expect(lines.dropFirst().map { $0.count } == [24, 24, 24])
  }

  @Test func whiteSpaceHyphensAndCaseOfTheCodeDoNotCount() throws {
    let challenge = try text()
    let parts = challenge.text.split(separator: "\n").map(String.init)
    let code = parts.dropFirst().joined(separator: " ")
    for variant in [
      parts[0] + " " + code.lowercased(), "\n  " + parts[0] + "\r\n\t" + code + "\n\n",
      parts[0] + " " + code.split(separator: " ").joined(separator: "-"),
      parts[0] + " " + code.split(separator: " ").joined(),
      parts[0] + " " + code.replacing("0", with: "O").replacing("1", with: "l"),
      parts[0] + " " + code.replacing("1", with: "I"),
    ] {
      #expect(try ChallengeText(reading: variant) == challenge, "\(variant)")
    }
  }

  @Test func anyOneWrongCharacterIsNoticedAndItsGroupNamed() throws {
    let words = try text().text.split(whereSeparator: \.isWhitespace).map(String.init)
    for group in 3..<words.count {
      for place in 0..<4 {
        var heard = words
        var characters = Array(words[group])
        characters[place] = characters[place] == "7" ? "8" : "7"
        heard[group] = String(characters)
        let message = problem(heard.joined(separator: " "))
        #expect(
          message
            == "Group \(group - 2) of the code, \(heard[group]), is wrong; it may be "
            + "\(words[group]).")
      }
    }
  }

  @Test func aWrongNameIsNoticed() throws {
    let good = try text().text
    for wrong in [
      good.replacing("web-03", with: "Web-03"), good.replacing("web-03", with: "web-04"),
      good.replacing("retail", with: "retaiI"), good.replacing("eu-prod", with: "eu-pr0d"),
    ] {
      #expect(problem(wrong)?.contains("name is wrong") == true, "\(wrong)")
    }
  }

  @Test func swappedGroupsAndCharactersAreNoticed() throws {
    let words = try text().text.split(whereSeparator: \.isWhitespace).map(String.init)
    for group in 3..<words.count - 1 where words[group] != words[group + 1] {
      var heard = words
      heard.swapAt(group, group + 1)
      #expect(problem(heard.joined(separator: " ")) != nil, "\(group)")
    }
  }

  @Test func whatIsNoneSaysWhy() throws {
    let good = try text().text
    #expect(problem("")?.contains("needs the cluster") == true)
    #expect(problem("eu-prod retail web-03")?.contains("needs the cluster") == true)
    #expect(problem(String(good.dropLast()))?.contains("59 characters") == true)
    #expect(problem(good + "0")?.contains("61 characters") == true)
    #expect(problem(good + " U")?.contains("after 60 good ones") == true)
    #expect(problem(good + " \u{FF10}")?.contains("after 60 good ones") == true)
    #expect(problem("eu/pröd" + good.dropFirst(7))?.contains("eu/pr") == true)
    #expect(problem(String(repeating: good, count: 50))?.contains("longer") == true)
  }

  /// Valid strings of BIP 350.
  @Test(arguments: [
    "a1lqfn3a", "abcdef1l7aum6echk45nj3s0wdvt2fg8x9yrzpqzd3ryx", "?1v759aa",
    "split1checkupstagehandshakeupstreamerranterredcaperredlc445v",
  ])
  func checkCharactersAreThoseOfBech32m(_ vector: String) throws {
    let alphabet = Array("qpzry9x8gf2tvdw0s3jn54khce6mua7l")
    let end = try #require(vector.lastIndex(of: "1"))
    let digits = try vector[vector.index(after: end)...].map {
      UInt8(try #require(alphabet.firstIndex(of: $0)))
    }
    let readable = String(vector[..<end])
    #expect(Checksum.holds(digits, names: readable))
    #expect(Checksum.of(Array(digits.dropLast(6)), names: readable) == Array(digits.suffix(6)))
  }
}
