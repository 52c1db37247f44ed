internal import Linux
internal import Shields

/// The control groups of guarded services: which they are, and when somebody writes to them.
///
/// Every write to a file of a group sends an event (inotify(7) on cgroupfs, through whatever mount
/// it was made), and so does the kernel for `cgroup.events`: frozen, thawed, no process left.
final class ControlGroups {
  /// A service's group and its processes, as PID 1 last said.
  struct Followed {
    var path: String
    var main: Int32
    /// Tells the main process from a later one with its number.
    var mainStarted: UInt64?
    /// Its service makes groups within, and moves processes there by itself.
    var isDelegated: Bool
  }

  /// A write to the group of this unit, or to one above it; nil for PID 1's own.
  var onChange: ((String?) -> Void)?
  /// A write to a file that holds a limit.
  var onLimit: (() -> Void)?

  /// Where PID 1 itself runs.
  static let manager = "/init.scope"

  private var followed: [String: Followed] = [:]
  private var queue: InotifyQueue?
  /// Per watch: the directory or file, and the units that it concerns.
  private var watches: [Int32: (path: String, units: Set<String>)] = [:]
  private var known: [String: Int32] = [:]

  init(loop: EventLoop) {
    queue = try? InotifyQueue(loop: loop) { [weak self] watch, event in self?.take(watch, event) }
  }

  subscript(unit: String) -> Followed? { followed[unit] }

  /// Takes what PID 1 says of a service.
  func follow(_ report: UnitReport) {
    let unit = report.facts.name
    guard !report.controlGroup.isEmpty else { return }
    let isNew = followed[unit]?.path != report.controlGroup
    followed[unit] = Followed(
      path: report.controlGroup, main: report.mainPID,
      mainStarted: Processes.startTime(report.mainPID), isDelegated: report.isDelegated)
    if isNew || known[ControlGroup.directory(report.controlGroup)] == nil { update() }
  }

  /// The service has another main process.
  func follow(_ unit: String, main: Int32) {
    guard followed[unit] != nil else { return }
    followed[unit]?.main = main
    followed[unit]?.mainStarted = Processes.startTime(main)
    update()
  }

  func forget(_ unit: String) {
    guard followed.removeValue(forKey: unit) != nil else { return }
    update()
  }

  /// Whether the number is still the main process that PID 1 spoke of.
  func hasMain(_ group: Followed) -> Bool {
    group.main > 0 && group.mainStarted != nil
      && Processes.startTime(group.main) == group.mainStarted
  }

  // MARK: Watching

  private static let file: InotifyMask = [.modify]
  private static let directory: InotifyMask = [.modify, .create, .onlyDirectory]
  /// More groups within a service's own are looked at twice a second only.
  private static let mostWithin = 64

  private func update() {
    var wanted: [String: Set<String>] = [:]
    for (unit, group) in followed {
      let within = group.isDelegated ? [] : ControlGroup.within(group.path).prefix(Self.mostWithin)
      for path in ControlGroup.above(group.path) + [group.path] + within {
        wanted[ControlGroup.directory(path), default: []].insert(unit)
      }
      wanted["\(ControlGroup.directory(group.path))/cgroup.events", default: []].insert(unit)
    }
    for path in [ControlGroup.directory(Self.manager)] where Files.exists(path) {
      for place in [path, "\(path)/cgroup.events"] where wanted[place] == nil { wanted[place] = [] }
    }
    for (path, watch) in known where wanted[path] == nil {
      known[path] = nil
      watches[watch] = nil
      queue?.remove(watch)
    }
    for (path, units) in wanted {
      if let watch = known[path] {
        watches[watch]?.units = units
      } else if let watch = try? queue?.add(
        path, path.hasSuffix("/cgroup.events") ? Self.file : Self.directory)
      {
        known[path] = watch
        watches[watch] = (path, units)
      }
    }
  }

  private func take(_ watch: Int32?, _ event: InotifyEvent) {
    guard let watch else {
      for unit in followed.keys { onChange?(unit) }
      return
    }
    guard let (path, units) = watches[watch] else { return }
    if event.mask.contains(.ignored) {
      // The service's group went with its last process. The next one is made with the next start,
      // which may have been before this was read.
      watches[watch] = nil
      known[path] = nil
      return update()
    }
    if event.mask.contains(.create) {
      guard event.mask.contains(.isDirectory), units.count == 1 else { return }
      update()
    }
    if let name = event.name, !name.hasPrefix("cgroup."), !event.mask.contains(.create) {
      onLimit?()
      return
    }
    if units.isEmpty { onChange?(nil) }
    for unit in units { onChange?(unit) }
  }
}
