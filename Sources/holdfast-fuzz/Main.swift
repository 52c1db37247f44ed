internal import Glibc
internal import HostileInput

/// libFuzzer (llvm.org/docs/LibFuzzer.html) on one of the readers: `holdfast-fuzz READER` and
/// libFuzzer's own arguments, such as a corpus and `-max_total_time=60`.
@main enum Main {
  // libFuzzer's function is given nothing but the input; set once, before it is first called.
  nonisolated(unsafe) fileprivate static var reader = HostileInput.token

  static func main() {
    let name = CommandLine.arguments.dropFirst().first ?? ""
    guard let chosen = HostileInput(rawValue: name) else {
      print(
        "usage: holdfast-fuzz \(HostileInput.allCases.map(\.rawValue).joined(separator: "|")) …")
      exit(2)
    }
    reader = chosen
    let texts = [CommandLine.arguments[0]] + CommandLine.arguments.dropFirst(2)
    let arguments = UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>.allocate(
      capacity: texts.count + 1)
    for (index, text) in texts.enumerated() { arguments[index] = strdup(text) }
    arguments[texts.count] = nil
    var count = Int32(texts.count)
    var pointer = UnsafeMutableRawPointer(arguments)
    exit(runDriver(&count, &pointer, readOne))
  }
}

/// Under the name that libFuzzer's own main asks for, which is linked whether it is used or not.
@_cdecl("LLVMFuzzerTestOneInput")
package func readOne(_ data: UnsafePointer<UInt8>?, _ size: Int) -> Int32 {
  Main.reader.read(Array(UnsafeBufferPointer(start: data, count: size)))
  return 0
}

@_silgen_name("LLVMFuzzerRunDriver")
private func runDriver(
  _ count: UnsafeMutablePointer<Int32>, _ arguments: UnsafeMutablePointer<UnsafeMutableRawPointer>,
  _ body: @convention(c) (UnsafePointer<UInt8>?, Int) -> Int32
) -> Int32
