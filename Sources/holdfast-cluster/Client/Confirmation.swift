internal import AgentToken
internal import ArgumentParser
internal import Issuing
internal import Linux

/// What every command takes that cannot be taken back.
struct ConfirmationOptions: ParsableArguments {
  @Flag(name: .long, help: "Do not ask.")
  var yes = false

  /// Asks on a terminal; where there is none, somebody has to have said so before.
  func confirm(_ question: String, _ console: Console) throws(Refusal) {
    if yes { return }
    guard !console.json, Terminal.isTerminal(.standardInput), Terminal.isTerminal(.standardError)
    else {
      throw Refusal(
        .usage, "\(question) Nobody is here to say so.", hint: "Say so with --yes")
    }
    try? FileDescriptor.standardError.writeAll(Array("\(question) [y/N] ".utf8))
    let answer = (try? FileDescriptor.standardInput.read(upTo: 256)) ?? []
    guard answer.first.map({ $0 | 0x20 }) == UInt8(ascii: "y") else {
      throw Refusal(Refusal.Code(rawValue: "not_confirmed"), "Nothing was done.")
    }
  }
}
