import Linux

/// How long the daemon takes to be ready where everything is in place.
enum Starts {
  private static let unit = "holdfastd.service"
  private static let patience = 500

  /// Kills it so many times and prints how long each next one took from the moment that PID 1 made
  /// its process to the moment that PID 1 had its READY=1; milliseconds. Also how long it had a
  /// processor then, and how long it waited for one, which is what others on the machine cost it.
  static func measure(_ count: Int) throws {
    var values: [Double] = []
    var running: [Double] = []
    var queued: [Double] = []
    for _ in 0..<count {
      let old = try state()
      try Processes.signal(old.pid, 9)
      var new = old
      // In between it has no process, and the times of the last one.
      func isBack() -> Bool { new.pid != old.pid && new.pid > 0 && new.ready >= new.started }
      for _ in 0..<patience where !isBack() {
        Inside.sleep(milliseconds: 10)
        new = try state()
      }
      guard isBack() else {
        throw Inside.Failure(description: "\(unit) did not come back")
      }
      values.append((new.ready - new.started) / 1000)
      // proc_pid_schedstat: nanoseconds on a processor, and nanoseconds of waiting for one.
      let schedule = try Files.text("/proc/\(new.pid)/schedstat").split(separator: " ")
      if schedule.count >= 2, let ran = Double(schedule[0]), let waited = Double(schedule[1]) {
        running.append(ran / 1e6)
        queued.append(waited / 1e6)
      }
      // For what it looks at once it is ready.
      Inside.sleep(milliseconds: 300)
    }
    Inside.print("start", values)
    Inside.print("start running", running)
    Inside.print("start queued", queued)
  }

  /// Its process, and when it was started and was ready: microseconds.
  private static func state() throws -> (pid: Int32, started: Double, ready: Double) {
    var values: [Substring: Double] = [:]
    let text = try Command.output(
      of: "systemctl", "show", unit,
      "-p", "MainPID,ExecMainStartTimestampMonotonic,ActiveEnterTimestampMonotonic")
    for line in text.split(separator: "\n") {
      let parts = line.split(separator: "=")
      if parts.count == 2 { values[parts[0]] = Double(parts[1]) }
    }
    return (
      Int32(values["MainPID"] ?? 0), values["ExecMainStartTimestampMonotonic"] ?? 0,
      values["ActiveEnterTimestampMonotonic"] ?? 0
    )
  }
}
