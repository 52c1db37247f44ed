internal import Linux

/// Against users whom a polkit rule lets manage units: what systemd does not refuse by itself
/// (`kill`, `freeze`, `set-property`) is refused for this unit before any other rule is asked.
/// Root never gets to polkit. polkit(8)
enum PolkitRule {
  /// Read first, whatever the names of the others.
  static func path(of unit: String, in directory: String) -> String {
    "\(directory)/00-holdfast-\(unit).rules"
  }

  /// Where administrators' rules lie, if polkit is there at all.
  static func directory(root: String) -> String? {
    let directory = "\(root)/etc/polkit-1/rules.d"
    return Files.isDirectory(directory) ? directory : nil
  }

  static func text(_ unit: String) -> String {
    let name = unit.split(separator: "\\", omittingEmptySubsequences: false)
      .joined(separator: #"\\"#)
    return """
      // Holdfast protects this unit. How to get in: man holdfast-unprotect
      polkit.addRule(function(action, subject) {
        if (action.id == "org.freedesktop.systemd1.manage-units" &&
            action.lookup("unit") == "\(name)" && action.lookup("verb") != "start") {
          return polkit.Result.NO;
        }
      });

      """
  }
}
