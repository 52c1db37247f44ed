internal import Linux
internal import Protection
internal import Shields

/// What follows from a rescue boot (holdfast-rescue).
extension Agent {
  /// Takes a rescue boot for one only where it did let go: the marker alone is easily made.
  func noticeRescue() -> Bool {
    guard guards.saysRescued else { return false }
    // Nor in a boot in which the daemon ran before: whoever is root can run what the rescue boot runs.
    guard (witness.known?.generation ?? 0) == 0 else {
      guards.denyRescue()
      alarm("a rescue boot was made up: what it takes away was taken away while this host ran")
      return false
    }
    guard !board.bench.hasPlacements, !board.guardsHoldfast else {
      guards.denyRescue()
      return false
    }
    guard (try? guards.acceptRescue()) != nil else { return false }
    Announcer.say(
      .trouble, .warning,
      "This host had a rescue boot (holdfast=off or audit) since it last was protected.")
    recorder.event(
      "rescued",
      outcome: trust.trust == nil ? "unmanaged" : settings.isAuditBoot ? "audit" : "protecting")
    // Trust that is gone for good would lock the host for ever: the rescue boot is the way out, and
    // it ends in a host that can be enrolled again.
    if trust.trust == nil {
      trust.forget()
      for unit in guards.definitions.map(\.unit) { try? guards.remove(unit) }
    }
    return true
  }
}
