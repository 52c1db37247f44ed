/// What is watched, and what happened: inotify(7).
package struct InotifyMask: OptionSet, Sendable {
  package let rawValue: UInt32
  package init(rawValue: UInt32) {
    self.rawValue = rawValue
  }

  package static let access = InotifyMask(rawValue: 0x1)
  package static let modify = InotifyMask(rawValue: 0x2)
  /// Mode, owner, times, extended attributes, link count; not inode flags.
  package static let attributes = InotifyMask(rawValue: 0x4)
  package static let closeWrite = InotifyMask(rawValue: 0x8)
  package static let closeNoWrite = InotifyMask(rawValue: 0x10)
  package static let open = InotifyMask(rawValue: 0x20)
  package static let movedFrom = InotifyMask(rawValue: 0x40)
  package static let movedTo = InotifyMask(rawValue: 0x80)
  package static let create = InotifyMask(rawValue: 0x100)
  package static let delete = InotifyMask(rawValue: 0x200)
  package static let deleteSelf = InotifyMask(rawValue: 0x400)
  package static let moveSelf = InotifyMask(rawValue: 0x800)
  /// Reported only: the file system was unmounted.
  package static let unmount = InotifyMask(rawValue: 0x2000)
  /// Reported only: events were lost. Look at everything again.
  package static let overflow = InotifyMask(rawValue: 0x4000)
  /// Reported only: the watch is gone, with its file or file system. Cancel the source.
  package static let ignored = InotifyMask(rawValue: 0x8000)
  /// Asked: fail with ENOTDIR where the path is no directory.
  package static let onlyDirectory = InotifyMask(rawValue: 0x100_0000)
  /// Asked: watch a symlink itself.
  package static let dontFollow = InotifyMask(rawValue: 0x200_0000)
  /// Asked: nothing about files that have lost their name.
  package static let excludeUnlinked = InotifyMask(rawValue: 0x400_0000)
  /// Asked: besides what is asked for this inode already.
  package static let addToMask = InotifyMask(rawValue: 0x2000_0000)
  /// Reported only: it happened to a directory.
  package static let isDirectory = InotifyMask(rawValue: 0x4000_0000)

  /// Every way in which a directory's files can come, go, be replaced or change.
  package static let changes: InotifyMask = [
    .modify, .attributes, .closeWrite, .movedFrom, .movedTo, .create, .delete, .deleteSelf,
    .moveSelf,
  ]
}

/// One thing that happened to a watched file or directory.
package struct InotifyEvent: Sendable, Equatable {
  package let mask: InotifyMask
  /// In a watched directory, the name of the file that it happened to.
  package let name: String?
  /// The same number in the two halves of a rename.
  package let cookie: UInt32

  /// The first of a piece read from the kernel: the watch, the event and its size in bytes.
  static func parse(
    _ bytes: ArraySlice<UInt8>
  ) -> (watch: Int32, event: InotifyEvent, size: Int)? {
    let header = 16
    guard bytes.count >= header else { return nil }
    let words = bytes.withUnsafeBytes { raw in
      (0..<4).map { raw.loadUnaligned(fromByteOffset: $0 * 4, as: UInt32.self) }
    }
    let length = Int(words[3])
    guard bytes.count >= header + length else { return nil }
    // The name follows the header, filled up with NUL bytes.
    let name = bytes.dropFirst(header).prefix(length).prefix { $0 != 0 }
    let event = InotifyEvent(
      mask: InotifyMask(rawValue: words[1]),
      name: length == 0 ? nil : String(decoding: name, as: UTF8.self), cookie: words[2])
    return (Int32(bitPattern: words[0]), event, header + length)
  }
}
