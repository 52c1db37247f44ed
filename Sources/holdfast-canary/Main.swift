import Linux

/// The canary: it beats, and notes when it could not. `holdfast doctor --prove` reads that.
///
/// The two files are the prover's; without them it sings to nobody.
@main
enum Main {
  /// Microseconds from one beat to the next.
  private static let interval: UInt64 = 4_000
  /// Pauses shorter than this are the scheduler's: microseconds.
  private static let noise: UInt64 = 12_000

  static func main() {
    ignoreSIGPIPE()
    let directory = "/run/holdfast-prove"
    let process = Processes.own
    // The beat before this one, also where that was another process's.
    var last = lastBeat("\(directory)/beat")
    while true {
      let now = Clock.monotonicMicroseconds()
      if last > 0, now > last + noise {
        write("\(last) \(now)\n", to: "\(directory)/gaps", OpenFlags.append)
      }
      write(line(now, process), to: "\(directory)/beat", 0)
      last = now
      Clock.sleep(microseconds: interval)
    }
  }

  private static func lastBeat(_ path: String) -> UInt64 {
    let text = (try? Files.text(path, limit: 4096)) ?? ""
    return text.split(separator: " ").first.flatMap { UInt64($0) } ?? 0
  }

  /// Always as long, so that a shorter one leaves nothing of a longer one behind.
  private static func line(_ now: UInt64, _ process: Int32) -> String {
    let text = "\(now) \(process) "
    return text + String(repeating: " ", count: max(0, 40 - text.utf8.count))
  }

  private static func write(_ text: String, to path: String, _ flags: Int32) {
    let file = try? FileDescriptor.open(path, flags: OpenFlags.readWrite | flags)
    try? file?.writeAll(Array(text.utf8))
  }
}
