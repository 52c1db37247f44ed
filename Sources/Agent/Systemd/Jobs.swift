internal import Linux

/// PID 1's jobs at one moment, as far as they say whether the host is really going down.
///
/// Who wants services stopped can have `shutdown.target` started, which stops them like a shutdown
/// and leads nowhere. What takes the host down is one of these few units, at the end: a start job
/// for it is a shutdown, and nothing else is.
struct Jobs {
  /// What the host goes down for: `reboot`; nil while it does not.
  var shutdown: String?
  /// Units that are being stopped just now, not only waiting for others.
  var stopping: Set<String> = []

  /// Units to repair the host in that are being started.
  var repairing: Set<String> = []

  static let repairUnits = ["emergency.target", "rescue.target"]
  private static let kinds = ["reboot", "poweroff", "halt", "kexec", "soft-reboot"]
  static let shutdownUnits = kinds.map { "systemd-\($0).service" }

  /// Reads the reply to `ListJobs`, a(usssoo).
  init(_ message: BusMessage) throws(BusError) {
    try message.forEach(in: "a", "(usssoo)") { () throws(BusError) in
      try message.enterContainer("r", "usssoo")
      _ = try message.readUInt32()
      let unit = try message.readString()
      let type = try message.readString()
      let state = try message.readString()
      try message.skip("oo")
      try message.exitContainer()
      if type == "start", let kind = Self.shutdownUnits.firstIndex(of: unit) {
        shutdown = Self.kinds[kind]
      }
      if type == "start", Self.repairUnits.contains(unit) { repairing.insert(unit) }
      if type == "stop", state == "running" { stopping.insert(unit) }
    }
  }
}

extension Manager {
  /// What PID 1 has to do; nil where it does not say.
  func jobs(done: @escaping (Jobs?) -> Void) {
    call("ListJobs", reply: { done(try? Jobs($0.get())) })
  }
}
