// Which of the two modules owns `inotify_event` depends on the order in which they were loaded.
internal import CSystemd
internal import Glibc

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

  init(_ event: UnsafePointer<inotify_event>) {
    mask = InotifyMask(rawValue: event.pointee.mask)
    cookie = event.pointee.cookie
    let length = Int(event.pointee.len)
    if length == 0 {
      name = nil
    } else {
      // The name follows the structure, filled up with NUL bytes.
      let start = UnsafeRawPointer(event) + MemoryLayout<inotify_event>.size
      let bytes = UnsafeRawBufferPointer(start: start, count: length)
      name = String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
    }
  }
}
