package import Linux
internal import Protection

/// Makes placements so, says what is not so, and undoes them: all file work of the shields.
///
/// Every method looks at the machine first and touches only what differs, so that doing it again
/// costs a few `lstat` and changes nothing.
package final class Workbench {
  package let baseline: BaselineStore
  private let manifest: Manifest
  /// Space to give back on a full disk, so that what an unprotect took down can go up again.
  private let ballast: String
  private static let ballastSize = 1 << 20

  /// - Parameter directory: the daemon's own, such as /var/lib/holdfast.
  package init(directory: String) throws(SystemError) {
    baseline = try BaselineStore(directory: "\(directory)/baseline")
    try Files.makeDirectory("\(directory)/shields", mode: 0o700, parents: true)
    manifest = Manifest(path: "\(directory)/shields/manifest")
    ballast = "\(directory)/shields/ballast"
    keepBallast()
  }

  /// Whether anything of Holdfast's stands on this machine, as far as was noted.
  package var hasPlacements: Bool { !manifest.isEmpty }

  // MARK: Inspecting

  func damage(to placements: [Placement]) -> [Problem] {
    placements.flatMap { placement -> [Problem] in
      do throws(SystemError) {
        return try damage(to: placement)
      } catch {
        return [Problem(path: placement.path, what: "cannot be looked at: \(error)")]
      }
    }
  }

  private func damage(to placement: Placement) throws(SystemError) -> [Problem] {
    func problem(_ what: String) -> [Problem] { [Problem(path: placement.path, what: what)] }
    switch placement {
    case .directory(let path, let files, let links):
      guard let status = try Files.status(path) else { return problem("is missing") }
      guard status.kind == .directory else { return problem("is no directory any more") }
      for (name, text) in files.sorted(by: { $0.key < $1.key }) {
        let found = try damage(toOwn: "\(path)/\(name)", text: text, mode: 0o644)
        if !found.isEmpty { return found }
      }
      for (name, target) in links where (try? Files.readLink("\(path)/\(name)")) != target {
        return [
          Problem(path: "\(path)/\(name)", what: "did not keep a shared drop-in out of effect")
        ]
      }
      let expected = Set(files.keys).union(links.keys)
      for name in try Files.list(path) where !expected.contains(name) {
        return [Problem(path: "\(path)/\(name)", what: "was put there")]
      }
      return try isFlagged(path) ? [] : [.lostFlag(path)]

    case .possessed(let path, _, let keeping):
      guard let status = try Files.status(path), status.kind == .directory else {
        guard Files.isDirectory(Files.directory(of: path)) else { return [] }
        // systemd makes its directories below /run when it has something to put there.
        let isNew = !Files.exists(path) && path.hasPrefix("/run/")
        return [Problem(path: path, what: "is missing", isVisible: false, isDamage: !isNew)]
      }
      for name in try Files.list(path) where !keeping.contains(name) {
        return [Problem(path: "\(path)/\(name)", what: "was put there")]
      }
      return try isFlagged(path) ? [] : [.lostFlag(path)]

    case .file(let path, let text, let mode), .replaced(let path, let text, let mode, _):
      return try damage(toOwn: path, text: text, mode: mode)

    case .link(let path, let target):
      return (try? Files.readLink(path)) == target ? [] : problem("is missing")

    case .kept(let file):
      guard let status = try Files.status(file.path) else { return problem("was removed") }
      guard baseline.hasContents(file, status) else {
        return [Problem(path: file.path, what: "was replaced", reachesService: true)]
      }
      guard status.mode == file.mode, status.uid == file.uid, status.gid == file.gid else {
        return problem("has another owner or mode")
      }
      return try isFlagged(file.path) ? [] : [.lostFlag(file.path)]

    case .keptLink(let link):
      return (try? Files.readLink(link.path)) == link.target ? [] : problem("was removed")
    }
  }

  private func damage(toOwn path: String, text: String, mode: UInt32) throws(SystemError)
    -> [Problem]
  {
    guard let status = try Files.status(path) else {
      return [Problem(path: path, what: "is missing")]
    }
    guard status.kind == .regular, status.mode == mode,
      try Files.read(path) == Array(text.utf8)
    else { return [Problem(path: path, what: "was changed")] }
    return try isFlagged(path) ? [] : [.lostFlag(path)]
  }

  // MARK: Engaging

  /// Notes what is going to be done, then does it. What was there already costs nothing.
  func apply(_ placements: [Placement]) -> Engagement {
    var result = Engagement()
    let work = placements.map { ($0, damage(to: [$0])) }.filter { !$0.1.isEmpty }
    do throws(SystemError) {
      // All of them, so that a list that was lost is whole again.
      try evenOnAFullDisk { () throws(SystemError) in
        try manifest.add(
          work.flatMap { missingParents(of: $0.0).map(Manifest.Line.directory) }
            + placements.flatMap { $0.manifestLines(baseline: baseline) })
      }
    } catch {
      // Without the note a rescue boot could not undo it: better not done, and said.
      result.problems = [
        Problem(path: "the list for the rescue boot", what: "cannot be written: \(error)")
      ]
      return result
    }
    guard !work.isEmpty else { return result }
    for (placement, damage) in work {
      do throws(SystemError) {
        try evenOnAFullDisk { () throws(SystemError) in try make(placement) }
        result.mended += damage
      } catch {
        result.problems.append(Problem(path: placement.path, what: "cannot be protected: \(error)"))
      }
    }
    keepBallast()
    return result
  }

  private func evenOnAFullDisk(_ work: () throws(SystemError) -> Void) throws(SystemError) {
    do throws(SystemError) {
      try work()
    } catch  where error.isDiskFull {
      guard (try? Files.remove(ballast)) != nil else { throw error }
      try work()
    }
  }

  private func keepBallast() {
    guard !Files.exists(ballast) else { return }
    // Written, not only reserved, so that it is there on every file system.
    try? Files.writeAtomically(
      ballast, [UInt8](repeating: 0, count: Self.ballastSize), mode: 0o600, sync: false)
  }

  private func make(_ placement: Placement) throws(SystemError) {
    switch placement {
    case .directory(let path, let files, let links):
      try makeWritableDirectory(path)
      let expected = Set(files.keys).union(links.keys)
      for name in try Files.list(path) where !expected.contains(name) {
        try remove("\(path)/\(name)")
      }
      for (name, text) in files
      where try !damage(toOwn: "\(path)/\(name)", text: text, mode: 0o644).isEmpty {
        try writeOwn("\(path)/\(name)", text: text, mode: 0o644)
      }
      for (name, target) in links where (try? Files.readLink("\(path)/\(name)")) != target {
        try remove("\(path)/\(name)")
        try Files.symlink(target, at: "\(path)/\(name)")
      }
      try flag(path)

    case .possessed(let path, _, let keeping):
      guard Files.isDirectory(Files.directory(of: path)) else { return }
      do throws(SystemError) {
        try makeWritableDirectory(path)
        for name in try Files.list(path) where !keeping.contains(name) {
          try remove("\(path)/\(name)")
        }
        try flag(path)
      } catch  where error.isReadOnly {
        return  // nobody can put anything there either
      }

    case .file(let path, let text, let mode), .replaced(let path, let text, let mode, _):
      try makeParent(of: path)
      try writeOwn(path, text: text, mode: mode)

    case .link(let path, let target):
      try makeParent(of: path)
      try inWritableParent(of: path) { () throws(SystemError) in
        try remove(path)
        try Files.symlink(target, at: path)
      }

    case .kept(let file):
      let status = try Files.status(file.path)
      if status.map({ !baseline.hasContents(file, $0) }) ?? true {
        try makeParent(of: file.path)
        try? InodeFlags.setImmutable(file.path, false)
        try inWritableParent(of: file.path) { () throws(SystemError) in
          if Files.isDirectory(file.path) { try removeTree(file.path) }
          try baseline.restore(file)
        }
      } else if status?.mode != file.mode || status?.uid != file.uid || status?.gid != file.gid {
        try? InodeFlags.setImmutable(file.path, false)
        try Files.chown(file.path, uid: file.uid, gid: file.gid)
        try Files.chmod(file.path, file.mode)
      }
      try flag(file.path)
      baseline.remember(file.path, hash: file.hash)

    case .keptLink(let link):
      try makeParent(of: link.path)
      try inWritableParent(of: link.path) { () throws(SystemError) in
        try remove(link.path)
        try Files.symlink(link.target, at: link.path)
      }
    }
  }

  // MARK: Releasing

  /// Undoes placements, last first. What is gone already is fine.
  func undo(_ placements: [Placement]) -> [Problem] {
    var problems: [Problem] = []
    var done: Set<Manifest.Line> = []
    for placement in placements.reversed() {
      do throws(SystemError) {
        try evenOnAFullDisk { () throws(SystemError) in try unmake(placement) }
        done.formUnion(placement.manifestLines(baseline: baseline))
      } catch {
        problems.append(Problem(path: placement.path, what: "cannot be released: \(error)"))
      }
    }
    let above = Set(placements.flatMap { Self.parents(of: $0.path) })
    for directory in manifest.directories
    where above.contains(directory) && !done.contains(.directory(directory)) {
      // Parents made on the way, such as multi-user.target.wants: once nothing of ours or of
      // anybody else's is in them.
      if (try? Files.list(directory))?.isEmpty == true, (try? isFlagged(directory)) == false,
        (try? Files.removeDirectory(directory)) != nil
      {
        done.insert(.directory(directory))
      }
    }
    try? manifest.remove(done)
    return problems
  }

  private func unmake(_ placement: Placement) throws(SystemError) {
    switch placement {
    case .directory(let path, let files, let links):
      try unflag(path)
      for name in files.keys { try remove("\(path)/\(name)") }
      for name in links.keys { try remove("\(path)/\(name)") }
      try removeIfEmpty(path)
    case .possessed(let path, let existed, _):
      try unflag(path)
      if !existed { try removeIfEmpty(path) }
    case .file(let path, _, _), .link(let path, _):
      try remove(path)
    case .kept(let file):
      // Clearing the flag moves the inode's change time; a file that was right stays known so.
      let wasRight = try Files.status(file.path).map { baseline.hasContents(file, $0) } ?? false
      try unflag(file.path)
      if wasRight { baseline.remember(file.path, hash: file.hash) }
    case .keptLink: break
    case .replaced(let path, let text, _, let original):
      // Whoever replaced ours did it with permission, or it would not be there any more.
      if try Files.status(path) != nil, try Files.read(path) != Array(text.utf8) { return }
      try remove(path)
      guard let original else { return }
      do throws(SystemError) {
        try baseline.restore(original)
      } catch  where !error.isDiskFull {
        // Its copy was lost or spoilt: better gone, which is noticed, than nobody let in.
      }
    }
  }

  // MARK: Small tools

  private func writeOwn(_ path: String, text: String, mode: UInt32) throws(SystemError) {
    try? InodeFlags.setImmutable(path, false)
    try inWritableParent(of: path) { () throws(SystemError) in
      if Files.isDirectory(path) { try removeTree(path) }
      try Files.writeAtomically(path, Array(text.utf8), mode: mode, sync: false)
    }
    try flag(path)
  }

  private func makeWritableDirectory(_ path: String) throws(SystemError) {
    if let status = try Files.status(path) {
      if status.kind == .directory { return try unflag(path) }
      try remove(path)
    }
    try makeParent(of: path)
    try inWritableParent(of: path) { () throws(SystemError) in
      try Files.makeDirectory(path, mode: 0o755, parents: true)
    }
  }

  private func makeParent(of path: String) throws(SystemError) {
    let parent = Files.directory(of: path)
    guard !Files.isDirectory(parent) else { return }
    try inWritableParent(of: parent) { () throws(SystemError) in
      try Files.makeDirectory(parent, mode: 0o755, parents: true)
    }
  }

  /// Changes what a directory holds, also one that is immutable (a unit's own drop-ins lie in one
  /// that was taken into possession) or that only takes new names, and leaves its flags as they were.
  private func inWritableParent(
    of path: String, _ change: () throws(SystemError) -> Void
  ) throws(SystemError) {
    let parent = Files.directory(of: path)
    let isImmutable = (try? InodeFlags.isImmutable(parent)) == true
    guard isImmutable || (try? InodeFlags.isAppendOnly(parent)) == true else { return try change() }
    try unflag(parent)
    defer {
      if isImmutable { try? flag(parent) } else { try? InodeFlags.setAppendOnly(parent, true) }
    }
    try change()
  }

  /// Removes whatever file or link is there, immutable or not.
  package func remove(_ path: String) throws(SystemError) {
    guard let status = try Files.status(path) else { return }
    if status.kind == .directory { return try removeTree(path) }
    try inWritableParent(of: path) { () throws(SystemError) in
      if status.kind == .regular { try? InodeFlags.setImmutable(path, false) }
      try Files.remove(path)
    }
  }

  private func removeTree(_ path: String) throws(SystemError) {
    try? InodeFlags.setImmutable(path, false)
    for name in try Files.list(path) { try remove("\(path)/\(name)") }
    try inWritableParent(of: path) { () throws(SystemError) in try Files.removeDirectory(path) }
  }

  private func removeIfEmpty(_ path: String) throws(SystemError) {
    guard let status = try Files.status(path), status.kind == .directory,
      try Files.list(path).isEmpty
    else { return }
    try Files.removeDirectory(path)
  }

  private func flag(_ path: String) throws(SystemError) {
    do throws(SystemError) {
      try InodeFlags.setImmutable(path, true)
    } catch  where error.isUnsupportedFlag || error.isReadOnly {
      return  // this file system takes none: the watch is all there is, and `isFlagged` knows
    }
  }

  private func unflag(_ path: String) throws(SystemError) {
    guard let status = try Files.status(path), status.kind == .regular || status.kind == .directory
    else { return }
    do throws(SystemError) {
      try InodeFlags.setImmutable(path, false)
    } catch  where error.isUnsupportedFlag {
      return
    }
  }

  /// Whether the immutable flag is on, or cannot be had on this file system.
  private func isFlagged(_ path: String) throws(SystemError) -> Bool {
    do throws(SystemError) {
      if try InodeFlags.isImmutable(path) { return true }
      // Nor can anybody else write there while it is read-only.
      return try Mounts.all().under(path)?.isReadOnly ?? false
    } catch  where error.isUnsupportedFlag {
      return true
    }
  }

  /// The directories above a path, but for the root.
  private static func parents(of path: String) -> [String] {
    var parents: [String] = []
    var parent = Files.directory(of: path)
    while parent != "/" {
      parents.append(parent)
      parent = Files.directory(of: parent)
    }
    return parents
  }

  private func missingParents(of placement: Placement) -> [String] {
    if case .possessed = placement { return [] }
    var missing: [String] = []
    var parent = Files.directory(of: placement.path)
    while parent != "/", !Files.exists(parent) {
      missing.append(parent)
      parent = Files.directory(of: parent)
    }
    return missing.reversed()
  }
}
