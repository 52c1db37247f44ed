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

  package func flagged(_ service: ServiceDefinition) -> [String] {
    placements(service).flatMap(\.flagged)
  }

  package func inspect(_ service: ServiceDefinition) -> [Problem] {
    bench.damage(to: placements(service))
  }

  package func differences(_ service: ServiceDefinition) -> [Problem] {
    guard let package = service.package else { return [] }
    let files = package.records + [package.prerm].compactMap(\.self)
    return bench.damage(to: files.map(Placement.kept)).filter(\.isVisible)
  }

  /// Whether what refuses removal is in place.
  package func stands(_ service: ServiceDefinition) -> Bool {
    service.package.map { Self.isRefusal($0.prermPath) } ?? false
  }

  func placements(_ service: ServiceDefinition) -> [Placement] {
    guard let package = service.package else { return [] }
    var wanted: [Placement] = []

    // Against `apt upgrade` walking into a refusal half-way: apt keeps the installed version and
    // goes on with the others (apt_preferences(5); above 1000, so that no other version is a
    // candidate). A pin is a file, so unlike dpkg's hold it needs no lock, no dpkg run and no
    // change to dpkg's database, and `apt remove` still gets as far as our message. With a signed
    // release here, apt takes that version and no other.
    if service.upgrades != .any, Files.isDirectory(aptPreferences) {
      let need = service.upgrades == .token ? "holdfast-unprotect(1)" : "a signed release"
      let pins = [package.version, service.offered].compactMap(\.self).enumerated().reversed()
      let stanzas = pins.map { index, version in
        """
        Package: \(package.name)
        Pin: version \(version)
        Pin-Priority: \(1001 + index)

        """
      }
      wanted.append(
        .file(
          "\(aptPreferences)/50-protected-by-holdfast-\(package.name.aptFileName)",
          text: "# \(package.name) is protected on this host: an upgrade needs \(need).\n"
            + stanzas.joined(separator: "\n"), mode: 0o644))
    }

    wanted.append(refusal(package, service.upgrades))

    // Against edited or removed package records.
    wanted += package.records.map(Placement.kept)
    return wanted
  }

  /// Against remove, purge, upgrade and every --force: dpkg asks the installed package's prerm first
  /// and takes no for an answer (deb-prerm(5)).
  private func refusal(_ package: InstalledPackage, _ upgrades: UpgradePolicy) -> Placement {
    let text =
      switch upgrades {
      case .token: Self.refusal(package)
      case .signed, .any:
        Self.refusalOfRemoval(
          package, original: package.prerm.map { bench.baseline.path(of: $0.hash) })
      }
    return .replaced(package.prermPath, text: text, mode: 0o755, original: package.prerm)
  }

  // MARK: While dpkg upgrades it

  /// Lets dpkg replace the package's records and our stand-in for its prerm, which stays until then.
  package func openToUpgrade(_ service: ServiceDefinition, sparing: Set<String>) -> [Problem] {
    guard let package = service.package else { return [] }
    let open = placements(service).filter {
      $0.path != package.prermPath && !sparing.contains($0.path)
    }
    if Self.isRefusal(package.prermPath) {
      try? InodeFlags.setImmutable(package.prermPath, false)
    }
    return bench.undo(open)
  }

  /// Puts our stand-in in the place of the prerm that dpkg just brought, or did not bring.
  ///
  /// - Parameter released: what a signed release lists, where only that counts as brought.
  /// - Returns: the service with that prerm as the original; nil where ours is there, or is put
  ///   there for the original of before.
  package func closedToRemoval(
    _ service: ServiceDefinition, released: ReleasedPackage? = nil
  ) -> ServiceDefinition? {
    guard var package = service.package, !Self.isRefusal(package.prermPath) else { return nil }
    if let released,
      (try? bench.baseline.hash(package.prermPath)) ?? nil != released.scripts["prerm"]
    {
      _ = bench.apply([refusal(package, service.upgrades)])
      return nil
    }
    // Only forgets the one that it stood in for before, also where dpkg brought none in its place.
    let wasBrought = Files.exists(package.prermPath)
    _ = bench.undo([refusal(package, service.upgrades)])
    if !wasBrought { try? bench.remove(package.prermPath) }
    package.prerm = (try? bench.baseline.take(package.prermPath)) ?? nil
    guard bench.apply([refusal(package, service.upgrades)]).problems.isEmpty else { return nil }
    var closed = service
    closed.package = package
    closed.isInPackageRun = false
    return closed
  }

  /// The same for every service of the package. dpkg is let through where the daemon says so, and the
  /// package's own script then has its turn.
  private static func refusalOfRemoval(_ package: InstalledPackage, original: String?) -> String {
    """
    #!/bin/sh
    \(headline) while it is protected, and lets upgrades through.
    # A rescue boot lets go (holdfast=off, holdfast-unprotect(1)).
    verb=remove
    if [ "$1" = upgrade ]; then
      verb=downgrade
      installed=$(dpkg-query --show --showformat='${Version}\\n' '\(package.name)' | head -n 1)
      if dpkg --compare-versions "$2" ge "$installed"; then
        verb=upgrade
        if holdfast upgrade '\(package.name)' "$2"; then
          \(original.map { "exec '\($0)' \"$@\"" } ?? "exit 0")
        fi
      fi
    fi
    cat >&2 <<MESSAGE
    \(package.name) is protected on this host and was not changed.
    To $verb it: get an agent token, run \\`holdfast unprotect -\\`, then try again.
    MESSAGE
    exit 1

    """
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
    # dpkg-reconfigure(8) calls it an upgrade too.
    [ -z "${DEBCONF_RECONFIGURE:-}" ] || verb="reconfigure"
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
