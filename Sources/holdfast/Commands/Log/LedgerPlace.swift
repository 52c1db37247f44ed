import ArgumentParser
import Ledger

/// Where the ledger's files are. One type for `log` and what is below it: an option of both is read
/// by the first.
struct LedgerPlace: ParsableArguments {
  @Option(
    name: .long,
    help: ArgumentHelp(
      "Read the ledger's files in this directory; `log` itself then does not ask the daemon.",
      valueName: "dir"), completion: .directory)
  var directory: String?

  var path: String { directory ?? Ledger.defaultDirectory }
}
