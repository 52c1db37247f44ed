internal import Protection
internal import Shields

/// What a service consists of as systemd sees it: the unit, and those that start it.
extension Agent {
  /// Asks PID 1 for a service by any of its names, and for the units that fall with it.
  ///
  /// - Parameter done: gets the service's own report first; none where PID 1 does not answer.
  func gather(_ unit: String, done: @escaping ([UnitReport]) -> Void) {
    manager.reports(of: units(of: unit)) { [weak self] reports in
      guard let self, let service = reports.first else { return done([]) }
      guard service.facts.name != Own.service else { return done(reports) }
      manager.reports(of: service.facts.triggeredBy.filter(Self.canTrigger)) { triggers in
        done([service.named(service.id)] + triggers.filter { $0.belongs(to: service) })
      }
    }
  }

  /// The same for several, by name.
  func gather(_ units: [String], done: @escaping ([String: [UnitReport]]) -> Void) {
    var found: [String: [UnitReport]] = [:]
    var open = units.count
    if open == 0 { return done([:]) }
    for unit in units {
      gather(unit) { reports in
        found[unit] = reports
        open -= 1
        if open == 0 { done(found) }
      }
    }
  }

  private static func canTrigger(_ unit: String) -> Bool {
    [".socket", ".timer", ".path"].contains(where: unit.hasSuffix)
  }
}

extension UnitReport {
  /// Whether this unit, which can start the service, is protected with it: a service may need its
  /// socket to start, and falls with it where it requires it.
  ///
  /// Not one that is merely installed. One that is enabled and down beside a service that is up
  /// could not be started (systemd.socket(5)).
  fileprivate func belongs(to service: UnitReport) -> Bool {
    guard facts.loadState == "loaded", !facts.fragment.isEmpty,
      !facts.fragment.hasPrefix("/run/")
    else { return false }
    return isUp || fileState == "enabled" && !service.isUp
  }

  fileprivate func named(_ name: String) -> UnitReport {
    guard !name.isEmpty, name != facts.name else { return self }
    var named = self
    named.facts.name = name
    return named
  }
}
