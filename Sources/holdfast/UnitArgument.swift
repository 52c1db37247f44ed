import ArgumentParser

/// A unit's name as typed: `filebeat` means `filebeat.service`, as it does for systemctl(1).
struct UnitArgument: ExpressibleByArgument {
  let name: String

  /// systemd.unit(5): the types a unit's name can end with.
  private static let types: Set<Substring> = [
    "service", "socket", "device", "mount", "automount", "swap", "target", "path", "timer",
    "slice", "scope",
  ]

  init(argument: String) {
    let hasType =
      argument.lastIndex(of: ".").map {
        Self.types.contains(argument[argument.index(after: $0)...])
      } ?? false
    name = hasType || argument.isEmpty ? argument : argument + ".service"
  }

  /// The name as people say it: without the suffix that almost all of them have.
  static func short(_ name: String) -> String {
    name.hasSuffix(".service") ? String(name.dropLast(".service".count)) : name
  }
}
