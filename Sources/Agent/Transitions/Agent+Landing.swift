internal import Linux
internal import Protection
internal import Shields

/// What signed upgrades are held to: while dpkg has them in hand, files are as they were or as the
/// release lists them; once it is done, so is everything, or all of it is put back.
extension Agent {
  /// What the upgrade under way of a service is held to; nil where there is none.
  func landing(of service: ServiceDefinition) -> Landing? {
    guard let upgrade = service.signedUpgrade else { return nil }
    // A release that was revoked meanwhile lists nothing.
    let released =
      released(upgrade.origin, upgrade.version)
      ?? ReleasedPackage(
        name: "", version: upgrade.version, architecture: "", files: [:])
    return board.landing(released, on: upgrade.origin)
  }

  /// Whether PID 1 may be told of unit files that dpkg brought.
  func mayGoBy(_ fresh: ServiceDefinition) -> Bool {
    landing(of: fresh)?.allowsUnits(fresh) ?? true
  }

  /// What somebody else puts among the files while they are open.
  func putBackUnreleased(_ service: ServiceDefinition) {
    guard let found = landing(of: service)?.putBack(), !found.isEmpty else { return }
    healed(service.unit, found.map(\.sentence))
    if service.unit != Own.service { manager.restartProtected(service.unit) { _ in } }
  }

  /// Looks at what became of signed upgrades, once dpkg is done. Where anything is not as listed, the
  /// services of that package are gone back to what they were.
  func judgeLandings() {
    landings = [:]
    let upgraded = guards.definitions.filter {
      $0.signedUpgrade != nil && guards.void.contains($0.unit)
    }
    var judged: Set<String> = []
    for service in upgraded {
      guard let package = service.signedUpgrade?.origin.package?.name,
        judged.insert(package).inserted
      else { continue }
      var odd: [String] = []
      for other in upgraded where other.signedUpgrade?.origin.package?.name == package {
        odd += (landing(of: other)?.oddities(current: other) ?? []).filter { !odd.contains($0) }
        stillAlive()
      }
      if !odd.isEmpty { goBack(package, odd) }
    }
  }

  /// A service's new baseline after a signed upgrade; nil where it was gone back from.
  func landed(
    _ service: ServiceDefinition, _ upgrade: SignedUpgrade, as new: ServiceDefinition
  ) -> ServiceDefinition? {
    let odd = landing(of: service)?.oddities(in: new) ?? []
    guard odd.isEmpty else {
      goBack(upgrade.origin.package?.name ?? "", odd)
      return nil
    }
    landings[service.unit] = upgrade
    recorder.event(
      "upgraded", outcome: service.unit,
      details: [
        ("package", upgrade.origin.package?.name ?? ""), ("version", upgrade.version),
        ("previous", upgrade.origin.package?.version ?? ""),
      ])
    return landing(of: service)?.completed(new) ?? new
  }

  /// Has the baseline of before put back, for every service of the package: what follows engages it.
  private func goBack(_ package: String, _ odd: [String]) {
    var units: [String] = []
    var hasGivenUp = true
    for service in guards.definitions {
      guard let upgrade = service.signedUpgrade ?? landings[service.unit],
        upgrade.origin.package?.name == package
      else { continue }
      // With what stands there for the package's prerm: the next one stands for another.
      _ = board.release(service, [.package])
      var origin = upgrade.origin
      origin.offered = nil
      // What apt is told to keep is what dpkg says is there.
      if let found = origin.package.flatMap(board.packages.version) {
        hasGivenUp =
          hasGivenUp && found == origin.package?.version && found != upgrade.version
        origin.package?.version = found
      }
      do throws(SystemError) {
        try guards.replace([origin], void: false)
      } catch {
        trouble(service.unit, "its upgrade cannot be taken back: \(error)")
      }
      outdated.remove(service.unit)
      landings[service.unit] = nil
      units.append(service.unit)
    }
    // dpkg gave up by itself, and all is as it was.
    if hasGivenUp, units.allSatisfy(isAsItWas) { return }
    let what = odd.prefix(8).joined(separator: "; ") + (odd.count > 8 ? "; and more" : "")
    recorder.event(
      "upgrade_undone", outcome: package,
      details: [("services", units.joined(separator: " ")), ("what", what)])
    Announcer.say(
      .trouble, .error,
      "The upgrade of \(package) is not what its signed release lists, and its files were put back: "
        + "\(what).", [("PACKAGE", package)])
  }

  private func isAsItWas(_ unit: String) -> Bool {
    guard let service = guards.definition(of: unit) else { return false }
    return board.differences(service).isEmpty
  }
}
