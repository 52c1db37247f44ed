import JSON
import Ledger
import Linux

/// What is known of a ledger from outside its files.
struct LedgerEvidence {
  /// A signed note, and where it is from.
  struct Note {
    let note: SignedCheckpoint
    let source: String
  }

  private(set) var notes: [Note] = []
  private var said: [KnownHead] = []

  /// Everything to compare with; whether a note is to be believed is another question.
  var known: [KnownHead] {
    said
      + notes.map {
        KnownHead(
          size: $0.note.checkpoint.size, root: $0.note.checkpoint.rootText, source: $0.source)
      }
  }

  /// - Parameter files: each with one or more notes.
  init(files: [String]) throws(Failure) {
    for file in files {
      let bytes: [UInt8]
      do throws(SystemError) {
        bytes = try Files.read(file, limit: SignedCheckpoint.maxBytes)
      } catch {
        throw .usage("\(Text.printable(file)) cannot be read: \(Text.reason(of: error))")
      }
      guard let found = SignedCheckpoint.parse(bytes), !found.isEmpty else {
        throw .usage(
          "\(Text.printable(file)) is no signed checkpoint",
          hint: "It has a name, a number of lines, a root, an empty line and a signature.")
      }
      notes += found.map { Note(note: $0, source: Text.printable(file)) }
    }
  }

  mutating func add(_ note: SignedCheckpoint, from file: String) {
    notes.append(Note(note: note, source: Text.printable(file)))
  }

  /// The checkpoint that the daemon leaves beside the files.
  mutating func addKept(in directory: String) {
    let path = "\(directory)/\(Ledger.checkpointName)"
    guard let bytes = try? Files.read(path, limit: SignedCheckpoint.maxBytes),
      let found = SignedCheckpoint.parse(bytes)
    else { return }
    notes += found.map { Note(note: $0, source: Text.printable(path)) }
  }

  /// What the daemon has in mind, where it runs and may be asked.
  mutating func ask(_ daemon: Daemon) {
    guard let reply = try? daemon.ask(Request("checkpoint")), let ledger = reply["ledger"],
      let size = ledger.number("size"), let root = ledger.text("head")
    else { return }
    said.append(KnownHead(size: size, root: root, source: "the daemon"))
  }
}
