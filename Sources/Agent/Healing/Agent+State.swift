internal import AgentToken
internal import Ledger
internal import Linux
internal import Protection
internal import Shields

/// The daemon's own state: what was found of it at start, and looking after it.
extension Agent {
  /// Says what was wrong with the state when it was opened, and what came of it.
  func sayFindings() {
    var mended: [String] = []
    for finding in vault.findings {
      switch finding {
      case .mended(let what): mended.append(what)
      case .adopted(let what):
        Announcer.say(.trouble, .notice, "\(what).")
        recorder.event("state", outcome: "adopted", details: [("what", what)])
      case .alarm(let what): alarm(what)
      }
    }
    if !mended.isEmpty {
      healed(Own.service, mended)
      // What else was there may be gone too.
      board.bench.baseline.refill(guards.definitions)
    }
    switch recorder.divergence {
    case .shorter(let known, let found):
      alarm("the ledger ended at record \(found), and \(known) is known to have been there")
    case .edited(let record):
      alarm("the ledger was edited: its records up to \(record) are not those that were written")
    case nil: break
    }
    if let bundle = trust.missesBundle {
      alarm(
        "the trust bundle is older than \(bundle), which this host had: no token is taken until "
          + "that one or a newer one is imported")
    }
    if let list = trust.missesRevocations {
      alarm(
        "the list of revocations is older than \(list), which this host had: no token is taken "
          + "until that one or a newer one is imported")
    }
  }

  /// `holdfast=audit`: the boot let go of everything (holdfast-rescue), and the daemon only records.
  /// Taken for one only where nothing stands any more: a command line is easily covered.
  func noticeAuditBoot() {
    guard Machine.kernelCommandLine().contains("holdfast=audit"), !board.bench.hasPlacements,
      !board.guardsHoldfast
    else { return }
    settings.isAuditBoot = true
    Announcer.say(.trouble, .error, "Nothing is enforced: \(auditBoot ?? "").")
    recorder.event("audit_boot", outcome: "watching")
  }

  var auditBoot: String? {
    settings.isAuditBoot
      ? "this host was booted with holdfast=audit, which records only, until its next boot" : nil
  }

  /// Something that nobody but a person can settle: on record, and said until it is accepted.
  func alarm(_ what: String) {
    guard !notices.alarms.contains(what) else { return }
    notices.alarm(what)
    Announcer.say(.trouble, .error, "Tampering: \(what).")
    recorder.event("tampering", outcome: "noticed", details: [("what", what)])
  }

  /// Puts right what of the state is not as it was written.
  func mendState() {
    guard machine.state != .unmanaged, !vault.isEmpty, !settings.isAuditBoot else { return }
    let mended = vault.mend { [self] name in
      switch name {
      case "trust.json": trust.content
      case "notices.json": notices.content
      case MachineStore.name: identity.content
      case LedgerKey.name: ledgerKey.content
      case _ where name.hasPrefix("guards/"): guards.content(name)
      case _ where name.hasPrefix("releases/"): releases.content(name)
      default: settings.content(name)
      }
    }
    if !mended.isEmpty { healed(Own.service, mended) }
    if recorder.harden() {
      healed(Own.service, ["the ledger's file took more than appending"])
    }
  }

  /// Where the state changes without us.
  var stateDirectories: [String: Set<String>?] {
    guard !vault.isEmpty else { return [:] }
    var list: [String: Set<String>?] = [:]
    for place in vault.places {
      list[place.directory] = .some(
        Set(VitalPlace.singles + VitalPlace.folders + [VitalPlace.sealName]))
      for folder in VitalPlace.folders { list[place.path(folder)] = .some(nil) }
      let parent = Files.directory(of: place.directory)
      let name = place.directory.dropFirst(parent.utf8.count + 1)
      list[parent] = [String(name)]
    }
    list["\(paths.state)/ledger"] = .some(nil)
    return list
  }
}
