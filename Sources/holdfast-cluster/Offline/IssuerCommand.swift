internal import AgentToken
internal import ArgumentParser
internal import Issuing
internal import Linux

/// What every command takes.
struct IssuerOptions: ParsableArguments {
  @Option(name: .long, help: ArgumentHelp("The issuer's directory.", valueName: "DIR"))
  var dir: String = "."

  @Flag(name: .long, help: "Print one JSON object, with times in seconds since the epoch.")
  var json = false

  /// The directory without symlinks and dots where it is there already, for messages.
  var directory: String { (try? Files.resolve(dir)) ?? dir }

  var issuer: Issuer {
    Issuer(directory: directory, surroundings: .real(describe: { LocalTime.text($0) }))
  }

  /// How to call another command for the same issuer.
  func program(_ command: String) -> String {
    "holdfast-cluster \(command)" + (dir == "." ? "" : " --dir \(dir)")
  }
}

/// What every command takes that signs.
struct PassphraseOptions: ParsableArguments {
  @Option(
    name: .long,
    help: ArgumentHelp(
      "Holds the passphrase of sealed keys; without it, it is asked for on the terminal.",
      valueName: "FILE"))
  var passphraseFile: String?

  /// The passphrase, where the issuer's keys are sealed or one was given.
  func passphrase(for issuer: Issuer) throws(Refusal) -> Passphrase? {
    if let passphraseFile { return try Passphrase.read(from: passphraseFile) }
    guard try issuer.isSealed() else { return nil }
    return try PassphrasePrompt.ask("Passphrase of the keys in \(issuer.directory): ")
  }
}

/// A command of the issuer. Conforming types say what they do in `perform`; how refusals are said
/// and which exit status they give is the same for all.
protocol IssuerCommand: ParsableCommand {
  var options: IssuerOptions { get }

  func perform(_ issuer: Issuer, _ console: Console) throws(Refusal)
}

extension IssuerCommand {
  func run() throws {
    let console = Console(json: options.json)
    do {
      try perform(options.issuer, console)
    } catch {
      console.refuse(error)
      throw ExitCode.failure
    }
  }

  /// Says that another change is being waited for.
  func waiting(_ issuer: Issuer, _ console: Console) -> () -> Void {
    { console.note("Waiting for another holdfast-cluster that is changing \(issuer.directory).") }
  }

  /// Warns of keys that lie open.
  func warn(of issuer: Issuer, _ console: Console) {
    for path in (try? issuer.exposedKeys()) ?? [] {
      console.note("Other users can read the key \(path). Close it: chmod 600 \(path)")
    }
  }
}
