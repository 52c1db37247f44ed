import ArgumentParser
import Ledger
import Linux

struct LogExport: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "export",
    abstract: "Write the whole ledger to one signed file.",
    discussion: """
      The file begins with a checkpoint that this host's key signed, and has every record that the \
      checkpoint is over. It is verified anywhere: holdfast log verify FILE. While the daemon is down, \
      it has what the last checkpoint is over.
      """)

  @Argument(help: ArgumentHelp("What to write.", valueName: "file"), completion: .file())
  var file: String

  @OptionGroup var place: LedgerPlace

  @OptionGroup var options: GlobalOptions

  func run() throws {
    let (note, isFresh) = try note()
    do throws(LedgerError) {
      guard try LedgerExport.write(note, LedgerText(directory: place.path), to: file) else {
        throw LedgerError(.notALedger, "it has fewer lines than the checkpoint is over")
      }
    } catch {
      throw Failure(
        .refused, "The ledger cannot be exported: \(Text.printable(error.description))",
        hint: "What is wrong with it: holdfast log verify")
    }
    if options.json {
      Console.print([#"{"ok":true}"#])
    } else {
      Console.print([
        "Written to \(Text.printable(file)). To look whether it is whole: holdfast log verify FILE"
      ])
      if !isFresh {
        Console.error("The daemon is down: it ends where the last checkpoint does.")
      }
    }
  }

  /// A checkpoint of now, or the last one where the daemon is down.
  private func note() throws -> (text: String, isFresh: Bool) {
    let refusal: Failure
    do throws(Failure) {
      let reply = try options.daemon.ask(Request("checkpoint"))
      if let note = reply.asItCame("checkpoint") { return (note, true) }
      refusal =
        reply.refusal ?? Failure(.notEnrolled, "This host is not enrolled, and signs nothing")
    } catch {
      let path = "\(place.path)/\(Ledger.checkpointName)"
      if let note = try? Files.text(path, limit: SignedCheckpoint.maxBytes) { return (note, false) }
      refusal = error
    }
    throw refusal
  }
}
