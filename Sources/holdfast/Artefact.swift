import AgentToken

/// Something signed that a host takes: a trust bundle, a profile, revocations, a time or a release
/// manifest. What it is, it says itself; whether that is so, the daemon finds out.
struct Artefact {
  let type: ArtefactType
  let text: String

  /// Those in a file, one on each line.
  static func read(_ path: String) throws(Failure) -> [Artefact] {
    let lines = try Input.file(path, limit: 8 << 20).split(whereSeparator: \.isNewline)
      .map { Text.trimmed($0) }.filter { !$0.isEmpty }
    let name = Text.printable(path)
    guard !lines.isEmpty else { throw .usage("There is nothing to import in \(name)") }
    var artefacts: [Artefact] = []
    for line in lines {
      guard let type = ArtefactType.claimed(by: Array(line.utf8)) else {
        throw .usage(
          "\(name) holds something that no cluster signs for import",
          hint: "An agent token is for: holdfast unprotect --file FILE")
      }
      artefacts.append(Artefact(type: type, text: line))
    }
    return artefacts
  }

  func request() throws(Failure) -> Request {
    try Request(type.verb).adding(document: text, name: "what is imported")
  }

  func describe(_ reply: Reply, view: View) -> [String] {
    let isNew = reply.flag("changed")
    switch type {
    case .bundle: return Bundle.describe(reply, view: view)
    case .release: return Release.describe(reply, view: view)
    case .profile:
      let version = reply.number("version").map { " \($0)" } ?? ""
      let state = reply.text("state") == "unmanaged" ? " It switches protection off." : ""
      guard isNew else { return ["Profile\(version) was in force already.\(state)"] }
      let changes = reply.list("taken").map { change in
        let unit = change.text("unit").map { "\($0): " } ?? ""
        return "  \(unit)\(change.text("key") ?? "") = \(change.text("new") ?? "nothing")"
      }
      return [view.paint.good("Taken") + ": profile\(version) is in force.\(state)"] + changes
    case .revocations:
      let number = reply.number("seq").map { " \($0)" } ?? ""
      return isNew
        ? [view.paint.good("Taken") + ": revocations\(number) count."]
        : ["Revocations\(number) counted already."]
    case .time:
      let now = reply.number("now").map { " It is \(Times.moment($0, now: $0))." } ?? ""
      return [view.paint.good("Taken") + ": the cluster's time counts.\(now)"]
    }
  }
}

extension [Artefact] {
  /// Hands them over, bundles first, because what else is signed may need their keys.
  ///
  /// - Parameter alongside: they came with something else, so that being known already is no fault,
  ///   and with `--json` only a refusal is shown.
  func send(_ options: GlobalOptions, alongside: Bool = false) throws(Failure) {
    let bundles = filter { $0.type == .bundle }
    let ordered = bundles + filter { $0.type != .bundle }
    var requests: [(artefact: Artefact, request: Request)] = []
    for artefact in ordered { requests.append((artefact, try artefact.request())) }
    for (index, one) in requests.enumerated() {
      let reply = try options.daemon.ask(one.request)
      // This host may be past the first links of a chain, and past their roots: the last one decides.
      let code = reply["error"]?.text("code")
      let isLink = index < bundles.count - 1
      let isPassed =
        (code == "bundle_older" && (isLink || alongside))
        || (code == "bundle_unknown_root" && isLink)
      if isPassed, alongside || !options.json { continue }
      if alongside, options.json, reply.refusal == nil { continue }
      try options.show(reply, isFatal: !isPassed, describe: one.artefact.describe)
    }
  }
}
