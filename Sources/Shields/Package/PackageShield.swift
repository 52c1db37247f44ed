internal import Linux
package import Protection

/// Makes apt and dpkg refuse to remove, replace or downgrade a protected package, before the first
/// change, with a message that says how to unprotect.
package struct PackageShield: Shield {
  package let name = ShieldName.package
  private let bench: Workbench
  private let aptPreferences: String

  package init(bench: Workbench, aptPreferences: String = "/etc/apt/preferences.d") {
    self.bench = bench
    self.aptPreferences = aptPreferences
  }

  package func engage(_ service: ServiceDefinition) -> Engagement {
    bench.apply(placements(service))
  }

  package func release(_ service: ServiceDefinition, sparing: Set<String>) -> [Problem] {
    bench.undo(placements(service).filter { !sparing.contains($0.path) })
  }

  package func paths(_ service: ServiceDefinition) -> Set<String> {
    Set(placements(service).map(\.path))
  }

  package func inspect(_ service: ServiceDefinition) -> [Problem] {
    bench.damage(to: placements(service))
  }

  func placements(_ service: ServiceDefinition) -> [Placement] {
    guard let package = service.package else { return [] }
    var wanted: [Placement] = []

    // Against `apt upgrade` walking into a refusal half-way: apt keeps the installed version and
    // goes on with the others (apt_preferences(5); above 1000, so that no other version is a
    // candidate). A pin is a file, so unlike dpkg's hold it needs no lock, no dpkg run and no
    // change to dpkg's database, and `apt remove` still gets as far as our message.
    if Files.isDirectory(aptPreferences) {
      wanted.append(
        .file(
          "\(aptPreferences)/50-protected-by-holdfast-\(package.name.aptFileName)",
          text: """
            # \(package.name) is protected on this host: an upgrade needs holdfast-unprotect(1).
            Package: \(package.name)
            Pin: version \(package.version)
            Pin-Priority: 1001

            """, mode: 0o644))
    }

    // Against remove, purge, upgrade and every --force: dpkg asks the installed package's prerm
    // first and takes no for an answer (deb-prerm(5)).
    wanted.append(
      .replaced(
        package.prermPath, text: Self.refusal(package), mode: 0o755,
        original: package.prerm))

    // Against edited or removed package records.
    wanted += package.records.map(Placement.kept)
    return wanted
  }

  private static let headline = "# Holdfast stands here for the package's own prerm"

  /// Whether the script at `path` is one of ours.
  static func isRefusal(_ path: String) -> Bool {
    ((try? Files.text(path, limit: 1 << 20)) ?? "").split(separator: "\n").dropFirst().first?
      .hasPrefix(headline) ?? false
  }

  /// The same for every service of the package, so that two of them do not fight over it.
  private static func refusal(_ package: InstalledPackage) -> String {
    """
    #!/bin/sh
    # Holdfast stands here for the package's own prerm while it is protected.
    # A rescue boot lets go (holdfast=off, holdfast-unprotect(1)).
    case "$1" in
      upgrade) verb="upgrade" ;;
      *) verb="remove" ;;
    esac
    cat >&2 <<MESSAGE
    \(package.name) is protected on this host and was not changed.
    To $verb it: get an agent token, run \\`holdfast unprotect -\\`, then try again.
    MESSAGE
    exit 1

    """
  }
}

extension String {
  /// apt reads files in preferences.d only where their names have nothing but these characters.
  fileprivate var aptFileName: String {
    String(map { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-" || $0 == "_") ? $0 : "_" })
  }
}
