internal import Linux
internal import Protection
internal import Shields

/// Against limits that starve a service: set behind PID 1's back in the files of its control group
/// or of one above it, or told to PID 1 itself without a file (`systemctl set-property`).
extension Agent {
  /// Whether PID 1 goes by limits that no file of the unit has, which a reload makes it forget.
  ///
  /// What it said after the last reload is what the files say: only then `isFresh`.
  func hasForeignLimits(_ report: UnitReport, isFresh: Bool) -> Bool {
    let unit = report.facts.name
    guard !isFresh, let known = healing.limits[unit] else {
      healing.limits[unit] = report.limits
      return false
    }
    return known != report.limits
  }

  /// Has everything looked at where PID 1 goes by other limits for a service than it should.
  func askAboutLimits() {
    let services = enforced
    guard isFree, !services.isEmpty else { return }
    let unit = services[(checks / 4) % services.count].unit
    manager.reports(of: [unit]) { [weak self] reports in
      guard let self, let report = reports.first, let known = healing.limits[unit],
        known != report.limits
      else { return ResidentCode.release() }
      inspectSoon()
    }
  }

  /// Puts the files of the service's group right, and asks after those above it.
  func checkLimits(_ report: UnitReport, of service: ServiceDefinition) {
    guard !report.controlGroup.isEmpty else { return }
    apply(report.limits, to: report.controlGroup, of: service.unit)
    for group in ControlGroup.above(report.controlGroup) where group.hasSuffix(".slice") {
      let slice = group.split(separator: "/").last.map(String.init) ?? ""
      // Asking PID 1 is worth it only where the kernel has something to say.
      guard ControlGroup.value(group, "cgroup.controllers")?.isEmpty == false else { continue }
      manager.limits(ofSlice: slice) { [weak self] limits in
        if let limits { self?.apply(limits, to: group, of: service.unit) }
      }
    }
  }

  private func apply(_ limits: Limits, to group: String, of unit: String) {
    for (file, value) in limits.tightened(in: group) {
      let was = ControlGroup.value(group, file) ?? "?"
      guard (try? ControlGroup.set(group, file, value)) != nil else { continue }
      healed(unit, ["\(file) of \(group) was \(was)"])
    }
  }
}
