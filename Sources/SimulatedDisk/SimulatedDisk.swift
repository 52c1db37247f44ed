internal import CInterposed
internal import Glibc

/// A disk in memory at /simulated, for the system calls of one thread, with whatever goes wrong with
/// disks. Files that are immutable or append-only are so here too.
///
/// The code under test is not told: `CInterposed` stands in for the C library's functions.
package final class SimulatedDisk {
  package var contents: DiskContents
  /// Bytes that it holds.
  package var capacity: Int64 = 1 << 30
  package var fault: Fault?
  /// Seconds since the epoch, and seconds since the machine started.
  package var wall: Int64 = 1_900_000_000
  package var boottime: Int64 = 1_000
  /// Which boot this is.
  package var boot = 1

  /// Calls so far that change something, or sync it.
  package private(set) var steps = 0
  /// The program has ended: nothing it does now has an effect, and all of it fails.
  package private(set) var hasStopped = false
  /// Called at that moment.
  package var onStop: () -> Void = {}
  /// Called before each step with what is on the disk, and with what is there in its middle.
  package var onStep: ((DiskContents) -> Void)?

  private var descriptors: [Int32: (node: Int, flags: Int32, position: Int)] = [:]
  private var nextNode: Int

  /// What goes wrong, and at which step, from 1.
  package enum Fault: Equatable {
    /// The program ends just before it.
    case stop(at: Int)
    /// The program ends in the middle of it, half of what it writes being written.
    case tear(at: Int)
    /// It fails, and the program goes on.
    case fail(at: Int, errno: Int32)
    /// From there on every step fails.
    case failFrom(Int, errno: Int32)
  }

  package static let ioError = EIO
  package static let noSpace = ENOSPC
  package static let readOnly = EROFS

  package init(_ contents: DiskContents = DiskContents()) {
    self.contents = contents
    nextNode = (contents.seen.nodes.keys.max() ?? 1) + 1
  }

  /// Has what `body` does on this thread go to this disk.
  package func run<Result>(_ body: () throws -> Result) rethrows -> Result {
    var calls = Self.calls
    calls.context = Unmanaged.passUnretained(self).toOpaque()
    return try withUnsafePointer(to: calls) { pointer in
      hf_use_disk(pointer)
      defer { hf_use_disk(nil) }
      return try body()
    }
  }

  /// The program is started again, as it is after it ended: its descriptors are gone.
  package func restart() {
    descriptors = [:]
    (hasStopped, fault, steps) = (false, nil, 0)
  }

  // MARK: What goes wrong

  /// The errno that a step fails with; nil where it goes well.
  private func step(_ change: DiskChange? = nil) -> Int32? {
    if hasStopped { return EIO }
    steps += 1
    if let onStep {
      onStep(contents)
      if let change, change.isContent {
        var torn = contents
        torn.apply(change.torn)
        onStep(torn)
      }
    }
    switch fault {
    case .stop(at: steps): return stop()
    case .tear(at: steps):
      if let change, change.isContent { contents.apply(change.torn) }
      return stop()
    case .fail(at: steps, let errno): return errno
    case .failFrom(let first, let errno) where steps >= first: return errno
    case .stop, .tear, .fail, .failFrom, nil: return nil
    }
  }

  private func stop() -> Int32 {
    hasStopped = true
    onStop()
    return EIO
  }

  private func carryOut(_ change: DiskChange) -> Int32 {
    if let errno = step(change) { return -errno }
    contents.apply(change)
    return 0
  }

  // MARK: Files

  private static let immutable: UInt32 = 0x10
  private static let appendOnly: UInt32 = 0x20

  private func node(_ number: Int) -> DiskTree.Node? { contents.seen.nodes[number] }

  private func isFixed(_ number: Int) -> Bool {
    (node(number)?.flags ?? 0) & (Self.immutable | Self.appendOnly) != 0
  }

  private func isImmutable(_ number: Int) -> Bool {
    (node(number)?.flags ?? 0) & Self.immutable != 0
  }

  fileprivate func open(_ path: String, _ flags: Int32, _ mode: UInt32) -> Int32 {
    guard let place = contents.seen.find(path) else { return -ENOENT }
    let writes = flags & (O_WRONLY | O_RDWR) != 0
    var number = place.node
    if let found = number, let node = node(found) {
      if flags & O_CREAT != 0, flags & O_EXCL != 0 { return -EEXIST }
      if node.isDirectory, writes { return -EISDIR }
      if !node.isDirectory, flags & O_DIRECTORY != 0 { return -ENOTDIR }
      if writes, isImmutable(found) { return -EPERM }
      if writes, isFixed(found), flags & O_APPEND == 0 { return -EPERM }
      if flags & O_TRUNC != 0, writes {
        let result = carryOut(.truncate(node: found, size: 0))
        if result < 0 { return result }
      }
    } else {
      guard flags & O_CREAT != 0 else { return -ENOENT }
      guard !isImmutable(place.parent) else { return -EPERM }
      let new = nextNode
      let result = carryOut(
        .make(node: new, isDirectory: false, mode: mode, parent: place.parent, name: place.name))
      if result < 0 { return result }
      nextNode += 1
      number = new
    }
    guard let number else { return -ENOENT }
    return add(number, flags)
  }

  private func add(_ node: Int, _ flags: Int32) -> Int32 {
    var fd: Int32 = 0
    while descriptors[fd] != nil { fd += 1 }
    descriptors[fd] = (node, flags, 0)
    return fd
  }

  fileprivate func duplicate(_ fd: Int32) -> Int32 {
    descriptors[fd].map { add($0.node, $0.flags) } ?? -EBADF
  }

  fileprivate func close(_ fd: Int32) -> Int32 {
    descriptors.removeValue(forKey: fd) == nil ? -EBADF : 0
  }

  fileprivate func read(
    _ fd: Int32, _ offset: Int64, _ to: UnsafeMutableRawPointer, _ count: Int
  ) -> Int64 {
    guard let open = descriptors[fd], let node = node(open.node) else { return Int64(-EBADF) }
    if node.isDirectory { return Int64(-EISDIR) }
    let start = min(node.bytes.count, offset < 0 ? open.position : Int(offset))
    let piece = node.bytes.read(start..<min(node.bytes.count, start + count))
    piece.withUnsafeBytes {
      if let base = $0.baseAddress { to.copyMemory(from: base, byteCount: $0.count) }
    }
    if offset < 0 { descriptors[fd]?.position = start + piece.count }
    return Int64(piece.count)
  }

  fileprivate func write(
    _ fd: Int32, _ offset: Int64, _ from: UnsafeRawPointer?, _ count: Int
  ) -> Int64 {
    guard let open = descriptors[fd], let node = node(open.node) else { return Int64(-EBADF) }
    guard count > 0 else { return 0 }
    let start =
      open.flags & O_APPEND != 0
      ? node.bytes.count : offset < 0 ? open.position : Int(offset)
    let more = max(0, start + count - max(node.allocated, node.bytes.count))
    guard Int64(contents.seen.used + more) <= capacity else { return Int64(-ENOSPC) }
    let bytes = Array(UnsafeRawBufferPointer(start: from, count: count))
    let result = carryOut(.write(node: open.node, offset: start, bytes))
    if result < 0 { return Int64(result) }
    if offset < 0 { descriptors[fd]?.position = start + count }
    return Int64(count)
  }

  fileprivate func sync(_ fd: Int32) -> Int32 {
    guard let open = descriptors[fd] else { return -EBADF }
    if let errno = step() { return -errno }
    contents.sync(open.node)
    return 0
  }

  fileprivate func truncate(_ fd: Int32, _ size: Int64) -> Int32 {
    guard let open = descriptors[fd] else { return -EBADF }
    guard !isFixed(open.node) else { return -EPERM }
    return carryOut(.truncate(node: open.node, size: Int(size)))
  }

  fileprivate func allocate(_ fd: Int32, _ end: Int64) -> Int32 {
    guard let open = descriptors[fd], let node = node(open.node) else { return -EBADF }
    let more = max(0, Int(end) - max(node.allocated, node.bytes.count))
    guard Int64(contents.seen.used + more) <= capacity else { return -ENOSPC }
    return carryOut(.allocate(node: open.node, end: Int(end)))
  }

  fileprivate func setFlags(_ fd: Int32, _ flags: UInt32) -> Int32 {
    guard let open = descriptors[fd] else { return -EBADF }
    return carryOut(.flags(node: open.node, flags))
  }

  private func number(_ path: String?, _ fd: Int32) -> Int? {
    guard let path else { return descriptors[fd]?.node }
    return contents.seen.find(path)?.node
  }

  fileprivate func status(_ path: String?, _ fd: Int32, _ status: inout hf_status) -> Int32 {
    guard let number = number(path, fd), let node = node(number) else { return -ENOENT }
    status.mode = (node.isDirectory ? S_IFDIR : S_IFREG) | node.mode
    status.flags = node.flags
    status.inode = UInt64(number)
    status.size = Int64(node.bytes.count)
    status.blocks = Int64(max(node.allocated, node.bytes.count) + 511) / 512
    status.changed = Int64(contents.seen.versions[number] ?? 0)
    return 0
  }

  fileprivate func chmod(_ path: String?, _ fd: Int32, _ mode: UInt32) -> Int32 {
    guard let number = number(path, fd) else { return -ENOENT }
    guard !isFixed(number) else { return -EPERM }
    return carryOut(.mode(node: number, mode))
  }

  fileprivate func unlink(_ path: String, _ isDirectory: Bool) -> Int32 {
    guard let place = contents.seen.find(path), let number = place.node, let node = node(number)
    else { return -ENOENT }
    if node.isDirectory != isDirectory { return isDirectory ? -ENOTDIR : -EISDIR }
    if !node.entries.isEmpty { return -ENOTEMPTY }
    if isFixed(number) || isFixed(place.parent) { return -EPERM }
    return carryOut(.remove(parent: place.parent, name: place.name, node: number))
  }

  fileprivate func rename(_ from: String, _ to: String) -> Int32 {
    guard let old = contents.seen.find(from), let number = old.node,
      let new = contents.seen.find(to)
    else { return -ENOENT }
    if let there = new.node, isFixed(there) { return -EPERM }
    if isFixed(number) || isFixed(old.parent) || isImmutable(new.parent) { return -EPERM }
    return carryOut(
      .move(node: number, from: (old.parent, old.name), to: (new.parent, new.name)))
  }

  fileprivate func link(_ existing: String, _ at: String) -> Int32 {
    guard let number = contents.seen.find(existing)?.node, let new = contents.seen.find(at)
    else { return -ENOENT }
    if new.node != nil { return -EEXIST }
    if isFixed(number) || isImmutable(new.parent) { return -EPERM }
    return carryOut(.link(node: number, parent: new.parent, name: new.name))
  }

  fileprivate func makeDirectory(_ path: String, _ mode: UInt32) -> Int32 {
    guard let place = contents.seen.find(path) else { return -ENOENT }
    guard place.node == nil else { return -EEXIST }
    guard !isImmutable(place.parent) else { return -EPERM }
    let new = nextNode
    let result = carryOut(
      .make(node: new, isDirectory: true, mode: mode, parent: place.parent, name: place.name))
    if result == 0 { nextNode += 1 }
    return result
  }

  fileprivate func entry(_ fd: Int32, _ index: Int32) -> String? {
    guard let open = descriptors[fd], let node = node(open.node) else { return nil }
    return node.entries.keys.sorted().dropFirst(Int(index)).first
  }

  fileprivate var free: Int64 { max(0, capacity - Int64(contents.seen.used)) }
}

private func of(_ context: UnsafeMutableRawPointer?) -> SimulatedDisk? {
  context.map { Unmanaged<SimulatedDisk>.fromOpaque($0).takeUnretainedValue() }
}

private func text(_ path: UnsafePointer<CChar>?) -> String? {
  path.map { String(cString: $0) }
}

extension SimulatedDisk {
  /// What `CInterposed` calls, but for the context.
  fileprivate static var calls: hf_disk {
    var calls = hf_disk()
    calls.open = { of($0)?.open(text($1) ?? "", $2, $3) ?? -EBADF }
    calls.close = { of($0)?.close($1) ?? -EBADF }
    calls.read = { disk, fd, offset, to, count in
      guard let disk = of(disk), let to else { return Int64(-EFAULT) }
      return disk.read(fd, offset, to, count)
    }
    calls.write = { of($0)?.write($1, $2, $3, $4) ?? Int64(-EBADF) }
    calls.sync = { of($0)?.sync($1) ?? -EBADF }
    calls.truncate = { of($0)?.truncate($1, $2) ?? -EBADF }
    calls.allocate = { of($0)?.allocate($1, $2) ?? -EBADF }
    calls.set_flags = { of($0)?.setFlags($1, $2) ?? -EBADF }
    calls.status = { disk, path, fd, status in
      guard let status else { return -EFAULT }
      return of(disk)?.status(text(path), fd, &status.pointee) ?? -EBADF
    }
    calls.chmod = { of($0)?.chmod(text($1), $2, $3) ?? -EBADF }
    calls.unlink = { of($0)?.unlink(text($1) ?? "", $2 != 0) ?? -EBADF }
    calls.rename = { of($0)?.rename(text($1) ?? "", text($2) ?? "") ?? -EBADF }
    calls.link = { of($0)?.link(text($1) ?? "", text($2) ?? "") ?? -EBADF }
    calls.mkdir = { of($0)?.makeDirectory(text($1) ?? "", $2) ?? -EBADF }
    calls.duplicate = { of($0)?.duplicate($1) ?? -EBADF }
    calls.entry = { disk, fd, number, name in
      guard let entry = of(disk)?.entry(fd, number), let name else { return 0 }
      for (index, byte) in (Array(entry.utf8.prefix(255)) + [0]).enumerated() {
        name[index] = CChar(bitPattern: byte)
      }
      return 1
    }
    calls.free = { of($0)?.free ?? 0 }
    calls.boot = { UInt64(of($0)?.boot ?? 0) }
    calls.clock = { disk, clock in
      guard let disk = of(disk) else { return -1 }
      return (clock == CLOCK_REALTIME ? disk.wall : disk.boottime) * 1_000_000_000
    }
    return calls
  }
}
