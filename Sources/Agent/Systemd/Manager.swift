internal import Linux
internal import Shields

/// PID 1, over its own socket: asynchronous calls with a deadline, and its signals.
///
/// Nothing here goes through a bus daemon, so stopping dbus blinds nobody. A lost connection (PID 1
/// executes itself anew in an upgrade) is made again, with everything looked at afresh.
final class Manager {
  /// Something of a unit is another.
  var onUnitChanged: ((_ unit: String, _ change: UnitChange) -> Void)?
  /// Unit files were read again, or links to them changed, by whomever.
  var onUnitFilesChanged: (() -> Void)?
  var onConnected: (() -> Void)?
  /// There is, or was until now, a job that would take the host down: see `Jobs`.
  var onShutdownJob: (() -> Void)?
  /// A job of any kind is done; heard only while somebody asks for it.
  var onJobDone: (() -> Void)? { didSet { try? subscribe() } }

  /// PID 1 does not answer any more, or does again.
  var onSilence: ((Bool) -> Void)?
  private(set) var isSilent = false

  private let loop: EventLoop
  private let path: String
  /// When a connection could last not be made for the first time, CLOCK_MONOTONIC microseconds.
  private var lostAt: UInt64?
  private var delay = Manager.retryDelay
  private var probe: EventSource?
  private var bus: Bus?
  private var matches: [BusMatch] = []
  private var calls: [Int: Call] = [:]
  private var nextCall = 0
  private var retry: EventSource?
  private var reloads: [Int: EventSource] = [:]
  private var watched: [String] = []

  /// A call on its way: dropping it cancels it, so whoever drops it answers in its place.
  private struct Call {
    let call: BusCall
    let reply: (Result<BusMessage, BusError>) -> Void
  }

  private static let destination = "org.freedesktop.systemd1"
  private static let object = "/org/freedesktop/systemd1"
  private static let manager = "org.freedesktop.systemd1.Manager"
  private static let properties = "org.freedesktop.DBus.Properties"
  /// Deadlines, microseconds. Generators may take their time in a reload.
  private static let callTimeout: UInt64 = 5_000_000
  private static let thawTimeout: UInt64 = 500_000
  private static let reloadTimeout: UInt64 = 60_000_000
  /// The first delay before another try, and the longest: each is twice the one before.
  private static let retryDelay: UInt64 = 100_000
  private static let longestDelay: UInt64 = 30_000_000

  init(loop: EventLoop, path: String) {
    self.loop = loop
    self.path = path
  }

  func connect() {
    retry = nil
    do {
      let bus = try Bus.connectToManager(path: path)
      bus.onDisconnect = { [weak self] in self?.disconnected() }
      // Before everything else: a reload sends hundreds of signals, and behind them wait our replies.
      try bus.attach(to: loop, priority: -10)
      self.bus = bus
      try subscribe()
      (lostAt, delay) = (nil, Self.retryDelay)
      answered()
      onConnected?()
    } catch {
      disconnected()
    }
  }

  // MARK: Silence

  private func answered() {
    guard isSilent else { return }
    isSilent = false
    probe = nil
    delay = Self.retryDelay
    onSilence?(false)
  }

  /// It is asked again and again, ever less often, until it answers.
  private func fellSilent() {
    if !isSilent {
      isSilent = true
      onSilence?(true)
    }
    guard probe == nil else { return }
    probe = try? loop.after(microseconds: nextDelay(), accuracy: 10_000) { [weak self] in
      self?.probe = nil
      self?.call("Ping", interface: "org.freedesktop.DBus.Peer", reply: { _ in })
    }
  }

  private func nextDelay() -> UInt64 {
    defer { delay = min(2 * delay, Self.longestDelay) }
    return delay
  }

  private func heard(_ result: Result<BusMessage, BusError>, timeout: UInt64) {
    switch result {
    // libsystemd's word for a deadline; what an ended connection comes to has the same name.
    case .failure(let error)
    where error.name == BusError.Name.noReply && error.message.hasSuffix("timed out"):
      if timeout >= Self.callTimeout { fellSilent() }
    case .failure(.disconnected): break
    default: answered()
    }
  }

  /// The units whose state changes are wanted.
  func watch(_ units: [String]) {
    guard units != watched else { return }
    watched = units
    try? subscribe()
  }

  // MARK: Calls

  /// Has PID 1 read all unit files again; `done(nil)` once it has, else what went wrong.
  ///
  /// PID 1 may be executing itself anew just then, as in an upgrade of systemd: tried again until it
  /// is back, for a few seconds.
  func reload(attempts: Int = 25, done: @escaping (String?) -> Void) {
    call(
      "Reload", timeout: Self.reloadTimeout,
      reply: { [weak self] result in
        guard let self, let failure = Self.failure(result), attempts > 1, !isSilent else {
          return done(Self.failure(result))
        }
        let number = nextCall
        nextCall += 1
        reloads[number] = try? loop.after(microseconds: 200_000) { [weak self] in
          self?.reloads[number] = nil
          self?.reload(attempts: attempts - 1, done: done)
        }
        if reloads[number] == nil { done(failure) }
      })
  }

  /// What PID 1 says of each unit, in the order asked for; a unit it cannot answer for is left out.
  func reports(of units: [String], done: @escaping ([UnitReport]) -> Void) {
    var found: [String: UnitReport] = [:]
    var open = units.count
    if open == 0 { return done([]) }
    for unit in units {
      report(of: unit) { report in
        found[unit] = report
        open -= 1
        if open == 0 { done(units.compactMap { found[$0] }) }
      }
    }
  }

  /// Starts a unit, in place of whatever job is in the way, unless the host is shutting down: the
  /// start of a service would take the place of the shutdown too, but for one that PID 1 was told
  /// to let nothing replace.
  ///
  /// `done(nil)` once it is to start, else what is against it.
  func start(_ unit: String, done: @escaping (String?) -> Void = { _ in }) {
    jobs { [weak self] jobs in
      guard jobs?.shutdown == nil else { return done("the host is shutting down") }
      self?.startAtOnce(unit, done: done)
    }
  }

  /// The same without a look at what is under way.
  func startAtOnce(_ unit: String, done: @escaping (String?) -> Void = { _ in }) {
    call(
      "StartUnit",
      arguments: {
        try $0.append(string: unit)
        try $0.append(string: "replace")
      }, reply: { done(Self.failure($0)) })
  }

  /// Stops a unit that is not protected now.
  func stop(_ unit: String) {
    call(
      "StopUnit",
      arguments: {
        try $0.append(string: unit)
        try $0.append(string: "replace")
      }, reply: { _ in })
  }

  /// systemd's version, such as 252; 0 where PID 1 does not answer.
  func version(done: @escaping (Int) -> Void) {
    getAll(Self.object, Self.manager, ["Version"]) { values in
      let text = values?["Version"]?.string ?? ""
      done(Int(text.prefix(while: \.isNumber)) ?? 0)
    }
  }

  /// Restarts a unit that is not protected now; `done(nil)` once that is under way.
  func restart(_ unit: String, done: @escaping (String?) -> Void) {
    call(
      "RestartUnit",
      arguments: {
        try $0.append(string: unit)
        try $0.append(string: "replace")
      }, reply: { done(Self.failure($0)) })
  }

  /// `done(nil)` once the unit runs again, else what PID 1 says against it.
  func thaw(_ unit: String, done: @escaping (String?) -> Void = { _ in }) {
    call(
      "ThawUnit", timeout: Self.thawTimeout, arguments: { try $0.append(string: unit) },
      reply: { done(Self.failure($0)) })
  }

  /// Restarts a unit that refuses to be stopped by hand, the unit's own way: a passing unit that
  /// conflicts with it makes PID 1 stop it, and what upholds it starts it again.
  func restartProtected(_ unit: String, done: @escaping (String?) -> Void) {
    let name = "holdfast-restart-\(Random.bytes(4).map { String($0, radix: 16) }.joined()).service"
    call(
      "StartTransientUnit",
      arguments: { message in
        try message.append(string: name)
        try message.append(string: "replace")
        try message.openContainer("a", "(sv)")
        try message.appendProperty("Description", string: "Holdfast restarts \(unit)")
        try message.appendProperty("Type", string: "oneshot")
        try message.appendProperty("CollectMode", string: "inactive-or-failed")
        try message.appendProperty("Conflicts", strings: [unit])
        try message.appendProperty("After", strings: [unit])
        try message.appendProperty("ExecStart", commands: [["/bin/true"]])
        try message.closeContainer()
        try message.openContainer("a", "(sa(sv))")
        try message.closeContainer()
      }, reply: { done(Self.failure($0)) })
  }

  // MARK: Inside

  private func report(of unit: String, done: @escaping (UnitReport?) -> Void) {
    let path = Bus.objectPath(unit: unit)
    getAll(path, "org.freedesktop.systemd1.Unit", UnitReport.unitKeys) { [weak self] general in
      guard let self, let general else { return done(nil) }
      guard unit.hasSuffix(".service") else {
        return done(UnitReport(name: unit, unit: general, service: [:]))
      }
      getAll(path, "org.freedesktop.systemd1.Service", UnitReport.serviceKeys) { service in
        done(UnitReport(name: unit, unit: general, service: service ?? [:]))
      }
    }
  }

  /// The limits of a slice; nil where PID 1 has none of that name.
  func limits(ofSlice slice: String, done: @escaping (Limits?) -> Void) {
    getAll(
      Bus.objectPath(unit: slice), "org.freedesktop.systemd1.Slice", Limits.keys,
      done: { done($0.map(Limits.init)) })
  }

  private func getAll(
    _ path: String, _ interface: String, _ keys: Set<String>,
    done: @escaping ([String: BusValue]?) -> Void
  ) {
    call(
      "GetAll", path: path, interface: Self.properties,
      arguments: { try $0.append(string: interface) },
      reply: { done(try? $0.get().readProperties(keys)) })
  }

  private static func failure(_ result: Result<BusMessage, BusError>) -> String? {
    if case .failure(let error) = result { error.message } else { nil }
  }

  func call(
    _ member: String, path: String = Manager.object, interface: String = Manager.manager,
    timeout: UInt64 = Manager.callTimeout,
    arguments build: (BusMessage) throws -> Void = { _ in },
    reply: @escaping (Result<BusMessage, BusError>) -> Void
  ) {
    let number = nextCall
    nextCall += 1
    do {
      guard let bus else { throw BusError.disconnected }
      let call = try bus.call(
        destination: Self.destination, path: path, interface: interface, member: member,
        timeout: timeout, build,
        reply: { [weak self] result in
          self?.calls[number] = nil
          self?.heard(result, timeout: timeout)
          reply(result)
        })
      calls[number] = Call(call: call, reply: reply)
    } catch {
      // Answered later like any other, so that no caller is called back before it returned.
      _ = try? loop.soon { reply(.failure(.disconnected)) }
    }
  }

  private func subscribe() throws {
    matches = []
    guard let bus else { return }
    for unit in watched {
      matches.append(
        try bus.onSignal(
          path: Bus.objectPath(unit: unit), interface: Self.properties, member: "PropertiesChanged"
        ) { [weak self] message in
          guard (try? message.readString()) != nil,
            let values = try? message.readProperties(UnitChange.keys), !values.isEmpty
          else { return }
          self?.onUnitChanged?(unit, UnitChange(values))
        })
    }
    for member in ["JobNew", "JobRemoved"] {
      for unit in Jobs.shutdownUnits {
        matches.append(
          try bus.onSignal(
            path: Self.object, interface: Self.manager, member: member, argument: unit, position: 2
          ) { [weak self] _ in self?.onShutdownJob?() })
      }
    }
    if onJobDone != nil {
      matches.append(
        try bus.onSignal(path: Self.object, interface: Self.manager, member: "JobRemoved") {
          [weak self] _ in self?.onJobDone?()
        })
    }
    for member in ["UnitFilesChanged", "Reloading"] {
      matches.append(
        try bus.onSignal(path: Self.object, interface: Self.manager, member: member) {
          [weak self] message in
          // Reloading(true) comes before it has read anything.
          if member == "Reloading", (try? message.readBool()) != false { return }
          self?.onUnitFilesChanged?()
        })
    }
  }

  private func disconnected() {
    matches = []
    bus = nil
    let open = calls
    calls = [:]
    for call in open.values { call.reply(.failure(.disconnected)) }
    let now = Clock.monotonicMicroseconds()
    lostAt = lostAt ?? now
    retry = try? loop.after(microseconds: nextDelay()) { [weak self] in self?.connect() }
    if !isSilent, now - (lostAt ?? now) > Self.callTimeout {
      isSilent = true
      onSilence?(true)
    }
  }
}
