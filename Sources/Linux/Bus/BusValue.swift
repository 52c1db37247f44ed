/// A property's value, of the types that systemd's units have.
package enum BusValue: Sendable, Equatable {
  /// `s`, `o` or `g`.
  case string(String)
  case bool(Bool)
  /// Any integer. A negative one is its two's complement: see `signed`.
  case uint64(UInt64)
  /// `as` or `ao`.
  case strings([String])
  case bytes([UInt8])
  /// `ExecStart` and its like.
  case commands([BusCommand])
  /// `Job`: its number, 0 for none, and its object path.
  case job(UInt32, String)
  /// `(ss)` and `a(ss)`: `LoadError`, `Listen`, …
  case pairs([BusPair])
  /// Anything else, by its type.
  case unsupported(String)

  package var string: String? {
    if case .string(let value) = self { value } else { nil }
  }

  package var bool: Bool? {
    if case .bool(let value) = self { value } else { nil }
  }

  package var uint64: UInt64? {
    if case .uint64(let value) = self { value } else { nil }
  }

  /// The integer with its sign.
  package var signed: Int64? {
    uint64.map { Int64(bitPattern: $0) }
  }

  package var strings: [String]? {
    if case .strings(let value) = self { value } else { nil }
  }

  package var commands: [BusCommand]? {
    if case .commands(let value) = self { value } else { nil }
  }

  /// The number of a job that is waiting or running.
  package var jobID: UInt32? {
    if case .job(let id, _) = self, id != 0 { id } else { nil }
  }
}

/// A command line of a unit.
package struct BusCommand: Sendable, Equatable {
  /// The program's path.
  package let path: String
  /// From `argv[0]` on.
  package let arguments: [String]
  /// Whether failing does not count: the `-` before a command in a unit file.
  package let ignoresFailure: Bool

  package init(path: String, arguments: [String], ignoresFailure: Bool = false) {
    self.path = path
    self.arguments = arguments
    self.ignoresFailure = ignoresFailure
  }
}

/// Two strings that belong together.
package struct BusPair: Sendable, Equatable {
  package let first: String
  package let second: String
}
