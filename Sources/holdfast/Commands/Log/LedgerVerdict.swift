import JSON
import Ledger

/// What the files and what is known of them come to, in words and as JSON.
struct LedgerVerdict {
  let report: LedgerVerifier.Report
  let evidence: LedgerEvidence
  /// The key that somebody vouches for.
  let pinned: CheckpointKey?
  /// The lines are those that one checkpoint was signed over, and no more.
  let exported: Bool

  private var keys: [CheckpointKey] {
    pinned.map { [$0] } ?? report.keys.compactMap(CheckpointKey.init(text:))
  }

  /// What is wrong, in one sentence; nil where nothing is.
  var problem: String? {
    if let fault = report.fault {
      let place = fault.line.map { " Seen at line \($0) of \(fault.file)." } ?? ""
      return fault.description + place
    }
    for evidence in evidence.notes {
      switch validity(evidence.note) {
      case .valid: continue
      case .invalid: return "The signature of the checkpoint in \(evidence.source) is wrong"
      case .unknownKey:
        return "The checkpoint in \(evidence.source) is signed by none of the keys that count here"
      }
    }
    if exported, let note = evidence.notes.last, note.note.checkpoint.size < report.size {
      return "There are lines behind those that \(note.source) was signed over"
    }
    return nil
  }

  var hint: String? {
    if report.fault != nil {
      return "Compare with a copy from elsewhere: what was exported, or the journal."
    }
    return keys.isEmpty ? "The ledger names no key of its own; name the right one: --key KEY" : nil
  }

  private func validity(_ note: SignedCheckpoint) -> SignedCheckpoint.Validity {
    let all = keys.map(note.validity)
    return all.contains(.valid) ? .valid : all.contains(.invalid) ? .invalid : .unknownKey
  }

  /// What a person reads where nothing is wrong.
  var lines: [String] {
    guard let first = report.first, let last = report.last else {
      return ["The ledger is empty."]
    }
    var lines = ["Nothing was changed: records \(first) to \(last), \(report.size) lines in all."]
    lines.append("Root: \(report.root)")
    if report.headless > 0 {
      lines.append(
        "The first \(report.headless) are from a version that wrote no heads; changes from before the "
          + "first head do not show.")
    }
    if report.confirmed.isEmpty {
      lines.append(
        "An end that was cut off would not show: nothing here says how long the ledger was. Pass a "
          + "checkpoint from elsewhere: --checkpoint FILE")
    }
    for head in report.confirmed {
      lines.append("Confirmed by \(head.source): \(head.size) lines.")
    }
    for head in report.older {
      lines.append("\(head.source) is of \(head.size) lines, which are no longer kept.")
    }
    for key in report.keys where pinned == nil { lines.append("Its key: \(Text.printable(key))") }
    if pinned == nil, !evidence.notes.isEmpty {
      lines.append("Is that the key that was noted when this host was enrolled? Else pass --key.")
    }
    return lines
  }

  var json: JSON {
    var members: [JSON.Member] = [.init(name: "ok", value: .bool(problem == nil))]
    if let problem {
      let code = report.fault.map { "ledger_\($0.kind.rawValue)" } ?? "ledger_checkpoint"
      members.append(
        .init(name: "error", value: ["code": .string(code), "message": .string(problem)]))
    }
    if let fault = report.fault {
      members += [
        .init(name: "record", value: .integer(fault.record)),
        .init(name: "file", value: .string(fault.file)),
        .init(name: "line", value: fault.line.map(JSON.integer) ?? .null),
      ]
    }
    func heads(_ heads: [KnownHead]) -> JSON {
      .array(heads.map { ["source": .string($0.source), "size": .integer($0.size)] })
    }
    members += [
      .init(name: "first", value: report.first.map(JSON.integer) ?? .null),
      .init(name: "last", value: report.last.map(JSON.integer) ?? .null),
      .init(name: "size", value: .integer(report.size)),
      .init(name: "root", value: .string(report.root)),
      .init(name: "confirmed", value: heads(report.confirmed)),
      .init(name: "older", value: heads(report.older)),
      .init(name: "keys", value: .array(report.keys.map(JSON.string))),
    ]
    return .object(members)
  }
}
