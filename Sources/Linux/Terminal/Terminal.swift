internal import Glibc

/// Terminals: tty(4).
package enum Terminal {
  /// Whether a descriptor is one: isatty(3).
  package static func isTerminal(_ descriptor: FileDescriptor) -> Bool {
    isatty(descriptor.raw) == 1
  }

  /// The one that this program was started from, be standard input and output what they may.
  /// ENXIO, ENOENT and their like where there is none.
  package static func controlling() throws(SystemError) -> FileDescriptor {
    try FileDescriptor.open("/dev/tty", flags: O_RDWR)
  }
}

extension FileDescriptor {
  /// The three that every program starts with: stdin(3). They stay open.
  package static let standardInput = FileDescriptor(adopting: STDIN_FILENO)
  package static let standardOutput = FileDescriptor(adopting: STDOUT_FILENO)
  package static let standardError = FileDescriptor(adopting: STDERR_FILENO)
}
