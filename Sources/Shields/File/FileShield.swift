package import Protection

/// Keeps the service's own files as they were: unit file, drop-ins, programs, configuration. The
/// immutable flag refuses (chattr(1)), the baseline puts back what got changed all the same.
///
/// Never a directory: others put files into those.
package struct FileShield: Shield {
  package let name = ShieldName.file
  private let bench: Workbench

  package init(bench: Workbench) { self.bench = bench }

  package func engage(_ service: ServiceDefinition) -> Engagement {
    var result = bench.apply(placements(service))
    let unitFiles = Set(
      service.units.flatMap { [$0.fragment].compactMap { $0 } + $0.ownDropIns }.map(\.path))
    result.needsReload = result.mended.contains { $0.isVisible && unitFiles.contains($0.path) }
    return result
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
    bench.damage(to: placements(service)).filter(\.isVisible)
  }

  func placements(_ service: ServiceDefinition) -> [Placement] {
    let unitFiles = service.units.flatMap { [$0.fragment].compactMap { $0 } + $0.ownDropIns }
    return (unitFiles + service.programs + service.settings).map(Placement.kept)
  }
}
