internal import Linux
internal import Shields

/// What PID 1 says has become another with a unit; nil for what has not.
struct UnitChange: Sendable, Equatable {
  let activeState: String?
  let freezerState: String?
  /// 0 for none.
  let mainPID: Int32?
  /// Whether a job for it is waiting or running.
  let hasJob: Bool?
  /// How the main process last ended, where it did.
  let exit: MainExit?

  static let keys: Set<String> = [
    "ActiveState", "FreezerState", "MainPID", "Job", "Result", "ExecMainCode", "ExecMainStatus",
    "ExecMainExitTimestampMonotonic",
  ]

  init(_ values: [String: BusValue]) {
    activeState = values["ActiveState"]?.string
    freezerState = values["FreezerState"]?.string
    hasJob = values["Job"].map { $0.jobID != nil }
    mainPID = values["MainPID"]?.uint64.map { Int32(truncatingIfNeeded: $0) }
    exit = MainExit(values)
  }
}

/// The end of a service's main process, as PID 1 saw it.
struct MainExit: Sendable, Equatable {
  /// CLOCK_MONOTONIC microseconds.
  let at: UInt64
  /// Its exit status, where it ended by itself and said that something was wrong; nil where a
  /// signal ended it, or where the unit counts it as a success.
  let failure: Int32?

  /// Nil while it runs.
  init?(_ values: [String: BusValue]) {
    guard let at = values["ExecMainExitTimestampMonotonic"]?.uint64, at > 0,
      let code = values["ExecMainCode"]?.uint64, let status = values["ExecMainStatus"]?.uint64
    else { return nil }
    self.at = at
    // CLD_EXITED in waitid(2). systemd's own, 200 to 243 in systemd.exec(5), are a program that
    // could not be started, which is put right and not waited for.
    failure =
      code == 1 && values["Result"]?.string == "exit-code" && !(200...243).contains(status)
      ? Int32(truncatingIfNeeded: status) : nil
  }

  init(at: UInt64, failure: Int32?) {
    self.at = at
    self.failure = failure
  }
}

/// What PID 1 says of a unit at one moment (org.freedesktop.systemd1(5)).
struct UnitReport: Sendable, Equatable {
  var facts: UnitFacts
  /// Its own name, which is another than the one asked for where that is an alias.
  var id = ""
  /// `enabled`, `static`, …
  var fileState = ""
  var activeState = "unknown"
  var subState = ""
  /// When it entered its state, seconds since the epoch; 0 for never.
  var since: Int64 = 0
  /// Path below the cgroup root, empty while it does not run.
  var controlGroup = ""
  var refusesManualStop = false
  var needsReload = false
  var isFrozen = false
  var limits = Limits([:])
  /// 0 for none.
  var mainPID: Int32 = 0
  /// The service itself makes groups within its own, and moves processes (`Delegate=`).
  var isDelegated = false
  /// CLOCK_MONOTONIC microseconds at which the main process started.
  var mainStarted: UInt64 = 0
  /// The same in microseconds since the epoch.
  var mainStartedAt: UInt64 = 0

  init(name: String) { facts = UnitFacts(name: name) }

  var isUp: Bool { ["active", "activating", "reloading", "refreshing"].contains(activeState) }

  /// Why there is nothing to protect.
  var absence: String {
    switch facts.loadState {
    case "not-found": "\(facts.name) is not installed"
    case "masked": "\(facts.name) is masked"
    case let other: "\(facts.name) cannot be protected as it is: \(other)"
    }
  }

  init(name: String, unit: [String: BusValue], service: [String: BusValue]) {
    self.init(name: name)
    id = unit.string("Id")
    facts.description = unit.string("Description")
    facts.aliases = unit.strings("Names").filter { $0 != id }.sorted()
    facts.hasDefaultDependencies = unit.bool("DefaultDependencies")
    facts.triggeredBy = unit.strings("TriggeredBy")
    facts.source = unit.string("SourcePath")
    fileState = unit.string("UnitFileState")
    facts.loadState = unit.string("LoadState")
    facts.fragment = unit.string("FragmentPath")
    facts.dropIns = unit.strings("DropInPaths")
    facts.type = service.string("Type")
    facts.remainsAfterExit = service.bool("RemainAfterExit")
    facts.environment = service.strings("Environment")
    let commands = Self.execKeys.flatMap { service[$0]?.commands ?? [] }
    facts.programs = commands.map(\.path)
    facts.arguments = commands.flatMap { $0.arguments.dropFirst() }
      .map { $0.hasPrefix("/") ? $0 : String($0.drop { $0 != "=" }.dropFirst()) }  // --config=/…
      .filter { $0.hasPrefix("/") }
    facts.reloadCommands = (service["ExecReload"]?.commands ?? []).map(\.arguments)
    if facts.type == "notify-reload" { facts.reloadCommands.append(["kill", "-HUP"]) }
    activeState = unit.string("ActiveState")
    subState = unit.string("SubState")
    since = Int64(clamping: unit.integer("StateChangeTimestamp") / 1_000_000)
    controlGroup = service.string("ControlGroup")
    refusesManualStop = unit.bool("RefuseManualStop")
    needsReload = unit.bool("NeedDaemonReload")
    isFrozen = unit.string("FreezerState").hasPrefix("fr")
    limits = Limits(service)
    mainPID = Int32(truncatingIfNeeded: service.integer("MainPID"))
    isDelegated = service.bool("Delegate")
    mainStarted = service.integer("ExecMainStartTimestampMonotonic")
    mainStartedAt = service.integer("ExecMainStartTimestamp")
  }

  static let execKeys = [
    "ExecStart", "ExecCondition", "ExecStartPre", "ExecStartPost", "ExecReload", "ExecStop",
    "ExecStopPost",
  ]
  static let unitKeys: Set<String> = [
    "Id", "Names", "DefaultDependencies", "TriggeredBy", "SourcePath", "UnitFileState",
    "Description", "LoadState",
    "FragmentPath", "DropInPaths", "ActiveState", "SubState",
    "StateChangeTimestamp", "RefuseManualStop", "NeedDaemonReload", "FreezerState",
  ]
  static let serviceKeys = Set(
    execKeys + [
      "Type", "RemainAfterExit", "Environment", "ControlGroup", "MainPID", "Delegate",
      "ExecMainStartTimestampMonotonic", "ExecMainStartTimestamp",
    ]
  ).union(Limits.keys)
}

extension [String: BusValue] {
  fileprivate func string(_ key: String) -> String { self[key]?.string ?? "" }
  fileprivate func strings(_ key: String) -> [String] { self[key]?.strings ?? [] }
  fileprivate func bool(_ key: String) -> Bool { self[key]?.bool ?? false }
  fileprivate func integer(_ key: String) -> UInt64 { self[key]?.uint64 ?? 0 }
}
