import Ledger
import Linux

/// What keeps a ledger's files from being read, as a failure of the command.
enum LedgerFailure {
  static func reading<Result>(
    _ path: String, _ body: () throws(LedgerError) -> Result
  ) throws(Failure) -> Result {
    do throws(LedgerError) {
      return try body()
    } catch {
      throw Failure(
        Processes.isRoot ? .refused : .notPermitted,
        "\(Text.printable(path)) cannot be read: \(Text.printable(error.description))",
        hint: Processes.isRoot ? nil : "Run it as root.")
    }
  }
}
