internal import AgentToken
internal import Cluster
internal import Issuing
internal import JSON
internal import Linux

/// Where the words go.
///
/// Results go to standard output: words, or one JSON object on one line with `--json`. What is said
/// about them goes to standard error, and with `--json` not at all. Nothing of this depends on
/// whether either is a terminal. No private key is ever written to either.
struct Console {
  let json: Bool

  /// The result of a command: `text` is for a person, `members` follow `"ok":true`.
  func report(_ text: String, _ members: [JSON.Member]) throws(Refusal) {
    try write(json ? Self.line([.init(name: "ok", value: true)] + members) : text + "\n")
  }

  /// A result that scripts take as it is: to the file where there is one, else to standard output.
  func hand(
    _ product: String, to file: String?, mode: UInt32, _ members: [JSON.Member]
  ) throws(Refusal) {
    if let file {
      do {
        try Files.writeAtomically(file, Array(product.utf8), mode: mode)
      } catch {
        throw Refusal(error, "write \(file)")
      }
      if json { try report("", members + [.init(name: "output", value: .string(file))]) }
    } else {
      try report(String(product.dropLast()), members)
    }
  }

  /// Something to know beside the result.
  func note(_ text: String) {
    if !json { try? FileDescriptor.standardError.writeAll(Array((text + "\n").utf8)) }
  }

  /// Says why nothing was done.
  func refuse(_ refusal: Refusal) {
    if json {
      try? write(
        Self.line([.init(name: "ok", value: false), .init(name: "error", value: refusal.json)]))
      return
    }
    let kind = [.systemError, .storeFailed].contains(refusal.code) ? "Failed" : "Refused"
    note("\(kind): \(refusal.message)\(refusal.message.hasSuffix(".") ? "" : ".")")
    if let hint = refusal.hint { note(hint) }
  }

  private func write(_ text: String) throws(Refusal) {
    do {
      try FileDescriptor.standardOutput.writeAll(Array(text.utf8))
    } catch {
      throw Refusal(error, "write to standard output")
    }
  }

  private static func line(_ members: [JSON.Member]) -> String {
    JSON.object(members).encoded() + "\n"
  }
}
