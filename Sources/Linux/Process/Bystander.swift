internal import Glibc

/// A process that was found at something, as far as /proc tells: not proof, but a lead.
package struct Bystander: Sendable, Equatable, CustomStringConvertible {
  package let pid: Int32
  package let description: String

  /// What is known of a process; nil where there is none.
  package init?(_ pid: Int32) {
    guard let status = Processes.status(pid), let owner = try? Files.status("/proc/\(pid)") else {
      return nil
    }
    self.pid = pid
    let program = Processes.executable(pid) ?? status.name
    let words = [
      "pid \(pid)", "uid \(owner.uid)", Processes.loginUID(pid).map { "login uid \($0)" },
      status.terminalName,
    ]
    description = "\(program) (\(words.compactMap(\.self).joined(separator: ", ")))"
  }

  /// The process that started last of those whose arguments speak of one of `words`; neither this
  /// process nor PID 1, nor one of `except`.
  package static func mentioning(_ words: [String], except: Set<Int32>) -> Bystander? {
    let own = getpid()
    var found: (pid: Int32, started: UInt64)?
    for name in (try? Files.list("/proc")) ?? [] {
      guard let pid = Int32(name), pid > 1, pid != own, !except.contains(pid),
        let arguments = Processes.arguments(pid),
        arguments.contains(where: { argument in words.contains { argument.mentions($0) } }),
        let started = Processes.startTime(pid)
      else { continue }
      if found.map({ started >= $0.started }) ?? true { found = (pid, started) }
    }
    return found.flatMap { Bystander($0.pid) }
  }
}

extension String {
  fileprivate func mentions(_ word: String) -> Bool {
    let (text, part) = (Array(utf8), Array(word.utf8))
    guard !part.isEmpty, text.count >= part.count else { return false }
    return (0...(text.count - part.count)).contains { text[$0...].starts(with: part) }
  }
}
