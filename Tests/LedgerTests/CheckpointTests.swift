import Linux
import Testing

@testable import Ledger

/// C2SP tlog-checkpoint and signed-note.
@Suite struct CheckpointTests {
  private func notes(_ text: String) -> [SignedCheckpoint]? {
    SignedCheckpoint.parse(Array(text.utf8))
  }

  /// golang.org/x/mod/sumdb: the note of its documentation and the key of sum.golang.org.
  private static let goKey =
    "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8"

  @Test func aPublishedKeyIsRead() throws {
    let key = try #require(CheckpointKey(text: Self.goKey))
    #expect(key.name == "sum.golang.org")
    #expect(Hex.encode(key.id) == "033de0ae")
    #expect(key.text == Self.goKey)
    for wrong in [
      "", "sum.golang.org", Self.goKey.replacing("033de0ae", with: "033de0af"),
      Self.goKey.replacing("sum.", with: "sun."), Self.goKey + "=", Self.goKey + "\n",
      Self.goKey.replacing("+Ac4", with: "+Bc4"), "+033de0ae+Ac4zctda0e5eza",
    ] {
      #expect(CheckpointKey(text: wrong) == nil, "\(wrong)")
    }
  }

  /// The example of the specification.
  private static let example = """
    example.com/behind-the-sofa
    20852163
    CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=

    — example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=

    """

  @Test func theSpecificationsExampleIsRead() throws {
    let note = try #require(notes(Self.example)?.first)
    #expect(note.checkpoint.origin == "example.com/behind-the-sofa")
    #expect(note.checkpoint.size == 20_852_163)
    #expect(
      note.checkpoint.rootText
        == "0ac5186a91863e8e1d90c808014aa89bf5da8e3ee1d9f07630f0378f68f1ab62")
    #expect(Self.example.hasPrefix(note.checkpoint.text + "\n"))
    #expect(note.validity(for: try #require(CheckpointKey(text: Self.goKey))) == .unknownKey)
  }

  /// The signature is made by no code of ours: RFC 8032's own, over the text that stands here.
  private let pair = KeyPair(seed: [UInt8](repeating: 7, count: 32)) ?? .generate()
  private let checkpoint = Checkpoint(
    origin: "holdfast/eu-prod/host-1", size: 5, root: [UInt8](repeating: 9, count: 32))

  private var key: CheckpointKey {
    CheckpointKey(name: checkpoint.origin, publicKey: pair.publicKey)
  }

  @Test func whatIsSignedIsTextAndSignature() throws {
    let signed = checkpoint.signed(by: pair)
    let lines = signed.split(separator: "\n", omittingEmptySubsequences: false)
    #expect(
      lines.dropLast(2) == [
        "holdfast/eu-prod/host-1", "5", "CQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQk=", "",
      ])
    #expect(lines[4].hasPrefix("— holdfast/eu-prod/host-1 "))
    #expect(lines[5] == "")
    let bytes = try #require(Base64.decode(lines[4].split(separator: " ")[2]))
    #expect(Array(bytes.prefix(4)) == key.id)
    let text = "holdfast/eu-prod/host-1\n5\nCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQk=\n"
    #expect(
      Ed25519().isValid(
        signature: Array(bytes.dropFirst(4)), message: Array(text.utf8), publicKey: pair.publicKey))
    #expect(notes(signed)?.map { $0.validity(for: key) } == [.valid])
  }

  @Test func whatWasChangedIsNotSigned() throws {
    let signed = checkpoint.signed(by: pair)
    let larger = signed.replacing("\n5\n", with: "\n6\n")
    #expect(notes(larger)?.map { $0.validity(for: key) } == [.invalid])
    let other = CheckpointKey(name: checkpoint.origin, publicKey: KeyPair.generate().publicKey)
    #expect(notes(signed)?.map { $0.validity(for: other) } == [.unknownKey])
    // Somebody's signature under another name does not make it the log's.
    let renamed = CheckpointKey(name: "elsewhere", publicKey: pair.publicKey)
    #expect(notes(signed)?.map { $0.validity(for: renamed) } == [.unknownKey])
  }

  @Test func othersMaySignTooAndSeveralMayFollow() throws {
    let signed = checkpoint.signed(by: pair)
    let witness = "— witness.example/w \(Base64.encode([UInt8](repeating: 1, count: 76)))\n"
    let both = notes(signed + witness + "\n\n" + signed + signed)
    #expect(both?.map { $0.validity(for: key) } == [.valid, .valid, .valid])
    #expect(notes("")?.isEmpty == true)
  }

  @Test(arguments: [
    "x", "x\n\n", "origin\n5\n\n", "origin\n05\nCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQk=\n",
    "origin\n-5\nCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQk=\n", "origin\n5\nCQk=\n",
    "origin\n5\nCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQk\n",
    "origin\n99999999999999999999\nCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQk=\n",
    "origin\r\n5\nCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQk=\n",
  ])
  func theseAreNone(text: String) {
    #expect(notes(text + "\n— origin AAAAAAAA\n") == nil || text == "x\n\n")
    #expect(notes(text + "\n") == nil)
  }
}
