import HostileInput
import Linux
import TestSupport
import Testing

/// What the fuzzer started from, and what it found, is read again: nothing of it traps.
@Suite struct CorpusTests {
  @Test(arguments: HostileInput.allCases) func everyFileIsRead(reader: HostileInput) throws {
    let directory = "\(Checkout.top)/Tests/corpus/\(reader.rawValue)"
    let files = try Files.list(directory)
    #expect(!files.isEmpty)
    for file in files {
      let bytes = try Files.read("\(directory)/\(file)")
      reader.read(bytes)
      // And what is near it.
      for index in stride(from: 0, to: bytes.count, by: max(1, bytes.count / 64)) {
        var changed = bytes
        changed[index] ^= 1
        reader.read(changed)
        reader.read(Array(bytes[..<index]))
        reader.read(Array(bytes[index...]))
      }
    }
  }
}
