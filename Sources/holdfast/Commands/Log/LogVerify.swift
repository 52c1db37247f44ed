import ArgumentParser
import JSON
import Ledger
import Linux

struct LogVerify: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify",
    abstract: "Find the first record that is not as it was written.",
    discussion: """
      Reads the ledger's files itself, also while the daemon is down, or one file that `holdfast log \
      export` wrote. Each record's head is compared with the lines before it. What nothing in the \
      files can tell, an end that was cut off or a ledger that was written anew, is found by what is \
      known from elsewhere: by the daemon while it runs, and by checkpoints kept outside this host.

      Exit status: 0 all is as it was written, 1 something is not.
      """)

  @Argument(
    help: ArgumentHelp("A file that `holdfast log export` wrote.", valueName: "file"),
    completion: .file())
  var file: String?

  @Option(
    name: .long,
    help: ArgumentHelp(
      "Signed checkpoints to compare with, from the journal or a challenge.", valueName: "file"),
    completion: .file())
  var checkpoint: [String] = []

  @Option(
    name: .long,
    help: ArgumentHelp(
      "The key that checkpoints must be signed with, as it was noted when this host was enrolled; "
        + "else those count that the ledger names itself.", valueName: "key"))
  var key: String?

  @OptionGroup var place: LedgerPlace

  @OptionGroup var options: GlobalOptions

  func validate() throws {
    if let key, CheckpointKey(text: key) == nil {
      throw ValidationError("--key takes NAME+ID+KEY, as `holdfast log verify` prints it.")
    }
  }

  func run() throws {
    var evidence = try LedgerEvidence(files: checkpoint)
    let text: LedgerText
    if let file {
      guard
        let export = try LedgerFailure.reading(
          file, { () throws(LedgerError) in try LedgerExport(file: file) })
      else {
        throw Failure(
          .usage, "\(Text.printable(file)) does not begin with a checkpoint",
          hint: "What the ledger itself is in: holdfast log verify --directory DIR")
      }
      evidence.add(export.note, from: file)
      text = export.text
    } else {
      // Before the files are read: they only grow.
      if place.path == Ledger.defaultDirectory { evidence.ask(options.daemon) }
      evidence.addKept(in: place.path)
      text = try LedgerFailure.reading(place.path) { () throws(LedgerError) in
        try LedgerText(directory: place.path)
      }
    }
    let report = try LedgerFailure.reading(file ?? place.path) { () throws(LedgerError) in
      try text.verify(known: evidence.known)
    }
    let verdict = LedgerVerdict(
      report: report, evidence: evidence, pinned: key.flatMap(CheckpointKey.init(text:)),
      exported: file != nil)
    if options.json {
      Console.print([verdict.json.encoded()])
    } else if verdict.problem == nil {
      Console.print(verdict.lines)
    }
    if let problem = verdict.problem {
      throw options.json
        ? Failure(.refused, nil) : Failure(.refused, problem, hint: verdict.hint)
    }
  }
}
