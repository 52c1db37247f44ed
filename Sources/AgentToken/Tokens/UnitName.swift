/// The names of systemd units, as tokens may carry them.
package enum UnitName {
  /// Whether a text is a unit name with its suffix: 1–255 of `A–Z a–z 0–9 : _ . \ @ -`, something,
  /// a dot, and one of the unit types of systemd.unit(5).
  package static func isValid(_ name: String) -> Bool {
    guard TextShape.unit.matches(name) else { return false }
    let bytes = name.utf8
    guard let dot = bytes.lastIndex(of: UInt8(ascii: ".")), dot > bytes.startIndex else {
      return false
    }
    return types.contains(String(name[bytes.index(after: dot)...]))
  }

  private static let types: Set = [
    "service", "socket", "target", "device", "mount", "automount", "swap", "timer", "path",
    "slice", "scope",
  ]
}
