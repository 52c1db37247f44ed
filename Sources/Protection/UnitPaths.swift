/// The directories that systemd reads units from, highest priority first (systemd.unit(5)).
package enum UnitPaths {
  /// Where Holdfast puts what must win over everything else.
  package static let control = "/etc/systemd/system.control"

  /// Where packages have theirs.
  package static let packaged = "/usr/lib/systemd/system"

  /// All of them, for looking.
  package static let all = [
    control, "/run/systemd/system.control", "/run/systemd/transient",
    "/run/systemd/generator.early", "/etc/systemd/system", "/etc/systemd/system.attached",
    "/run/systemd/system", "/run/systemd/system.attached", "/run/systemd/generator",
    "/usr/local/lib/systemd/system", "/usr/lib/systemd/system", "/run/systemd/generator.late",
  ]

  /// Those in which the unit's own drop-in directory is taken into possession, so that nobody
  /// else puts a drop-in there. Not the generators': PID 1 empties those at every reload.
  package static let possessed = [
    "/run/systemd/system.control", "/run/systemd/transient", "/etc/systemd/system",
    "/run/systemd/system", "/usr/local/lib/systemd/system", "/usr/lib/systemd/system",
  ]

  /// Those that generators write to, anew at every reload (systemd.generator(7)): what is removed
  /// there comes back.
  package static let generated: Set<String> = [
    "/run/systemd/generator.early", "/run/systemd/generator", "/run/systemd/generator.late",
  ]

  /// Those that `systemctl enable` and `disable` write links to.
  package static let enablement = ["/etc/systemd/system", "/run/systemd/system"]

  /// The unit file that an instance comes from: `foo@.service` of `foo@a.service`; nil for a unit
  /// that is no instance.
  package static func template(of unit: String) -> String? {
    guard let at = unit.firstIndex(of: "@"), let dot = unit.lastIndex(of: "."), at < dot else {
      return nil
    }
    return unit[..<at] + "@" + unit[dot...]
  }

  /// The drop-in directories that a unit shares with others: its prefixes (`foo-.service.d`,
  /// systemd.unit(5)) and its type (`service.d`).
  package static func sharedDropInDirectories(of unit: String) -> [String] {
    guard let dot = unit.lastIndex(of: ".") else { return [] }
    let suffix = String(unit[dot...])
    var stem = unit[..<dot]
    var names: [String] = []
    if let at = stem.firstIndex(of: "@") {
      // Of an instance: its template's, and from there on without the `@`.
      names.append("\(stem[...at])\(suffix).d")
      stem = stem[..<at]
    }
    while let dash = stem.dropLast().lastIndex(of: "-") {
      stem = stem[...dash]
      names.append("\(stem)\(suffix).d")
    }
    names.append("\(suffix.dropFirst()).d")
    return names
  }
}
