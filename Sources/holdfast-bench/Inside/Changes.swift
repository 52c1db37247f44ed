import Foundation
import JSON
import Linux
import TestSupport

/// How long `unprotect` and `protect` take to answer, and what they are made of: waiting for the
/// disk and for PID 1 to read its units again.
enum Changes {
  /// After each change: for what it set off to be over, such as a second look at the units.
  private static let pause = 400

  /// Prints each round's `unprotect`, `protect`, a `systemctl daemon-reload` that nobody else asked
  /// for, and so many syncs alone; milliseconds.
  static func measure(rounds: Int, unprotectSyncs: Int, protectSyncs: Int) throws {
    var values: [String: [Double]] = [:]
    func note(_ name: String, _ value: Double) { values[name, default: []].append(value) }
    let disk = try DiskSyncs()
    defer { disk.remove() }
    for _ in 0..<rounds {
      let took = try Stopwatch.milliseconds {
        try Command.output(of: "systemctl", "daemon-reload")
      }
      note("daemon-reload", took)
      Inside.sleep(milliseconds: pause)
      for (verb, syncs) in [("unprotect", unprotectSyncs), ("protect", protectSyncs)] {
        if syncs > 0 { note("\(verb) syncs", try disk.measure(syncs)) }
        note(verb, try change(verb))
        Inside.sleep(milliseconds: pause)
      }
    }
    for (name, values) in values { Inside.print(name, values) }
  }

  /// Prints how often PID 1 read its units again for one change of state: until it was answered,
  /// and because of it in all.
  static func countReloads(_ verb: String) throws {
    let start = Clock.wallMicroseconds()
    _ = try change(verb)
    let end = Clock.wallMicroseconds()
    Inside.sleep(milliseconds: pause)
    let journal = try Command.output(
      of: "journalctl", "-q", "-b", "-o", "json", "--output-fields", "MESSAGE", "_PID=1")
    let times = try journal.split(separator: "\n").map { try JSON.parse(Array($0.utf8)) }
      .filter { $0["MESSAGE"]?.string?.hasPrefix("Reloading") == true }
      .compactMap { $0["__REALTIME_TIMESTAMP"]?.string.flatMap { Int64($0) } }
      .filter { $0 >= start }
    Inside.print("\(verb) reloads", [Double(times.count { $0 <= end })])
    Inside.print("\(verb) reloads in all", [Double(times.count)])
  }

  /// Asks for one change of state and waits for the answer: milliseconds, the connecting included.
  static func change(_ verb: String) throws -> Double {
    var request = verb
    if verb == "unprotect" {
      let jti = "jti-" + UUID().uuidString.filter { $0 != "-" }
      request += " " + MintingAuthority().token(jti: jti, issuedAt: Clock.wall() - 1).text
    }
    var answer: [UInt8] = []
    let took = try Stopwatch.milliseconds {
      answer = try LineClient(Inside.controlSocket).ask(request)
    }
    let reply = try JSON.parse(answer)
    guard reply["ok"]?.bool == true, reply["state"]?.string == "\(verb)ed" else {
      throw Inside.Failure(description: "\(verb): \(reply.encoded())")
    }
    return took
  }
}

/// Syncs, and nothing else, on the file system that has the daemon's own files.
private struct DiskSyncs {
  private let path = "/var/lib/holdfast-bench-\(getpid())"
  private let file: FileDescriptor

  init() throws(SystemError) {
    let flags = OpenFlags.readWrite | OpenFlags.create | OpenFlags.append
    file = try FileDescriptor.open(path, flags: flags, mode: 0o600)
  }

  /// A record's worth of bytes and an fdatasync(2), so many times: milliseconds.
  func measure(_ count: Int) throws -> Double {
    try Stopwatch.milliseconds {
      for _ in 0..<count {
        try file.writeAll([UInt8](repeating: UInt8(ascii: " "), count: 512))
        try file.syncData()
      }
    }
  }

  func remove() { try? Files.remove(path) }
}
