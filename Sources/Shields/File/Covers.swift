package import Linux
package import Protection

/// Against mounts over what is protected, which hide a file without touching it: bind mounts,
/// tmpfs, overlays and system extensions, over the file or any directory above it; and against
/// remounting what it lies on read-only or without the right to execute.
///
/// A mount that was there when the baseline was taken is the host's own; any further one there is
/// taken away. What was taken away itself, as by `umount --lazy /run`, cannot be put back.
package struct Covers {
  private let mounts: [Mount]

  /// - Parameter mounts: as they are now, in mounting order.
  package init(mounts: [Mount]) { self.mounts = mounts }

  /// The mounts that the given paths lie on, for the baseline.
  package func underneath(_ paths: Set<String>) -> [KeptMount] {
    let places = Self.places(of: paths)
    return mounts.filter { places.contains($0.point) }.map {
      KeptMount(
        point: $0.point, isReadOnly: $0.isReadOnly, forbidsPrograms: $0.forbidsPrograms)
    }
  }

  /// One thing that is wrong with the mounts.
  package struct Finding {
    package let problem: Problem
    package let undo: () throws(SystemError) -> Void
  }

  /// What is wrong, in the order in which it is to be undone: the topmost mount first.
  package func find(_ service: ServiceDefinition, _ paths: Set<String>) -> [Finding] {
    guard let known = service.mounts else { return [] }
    let places = Self.places(of: paths)
    var left = Dictionary(grouping: known, by: \.point)
    var findings: [Finding] = []
    // In mounting order, so that the baseline's own are matched before what came on top of them.
    for mount in mounts where places.contains(mount.point) {
      guard var expected = left[mount.point], !expected.isEmpty else {
        findings.append(Self.cover(mount))
        continue
      }
      let own = expected.removeFirst()
      left[mount.point] = expected
      let isLocked = mount.isReadOnly && !own.isReadOnly
      let isBarred = mount.forbidsPrograms && !own.forbidsPrograms
      if isLocked || isBarred {
        let what = isLocked ? "was remounted read-only" : "was remounted noexec"
        findings.append(
          Finding(
            problem: Problem(path: mount.point, what: what, isVisible: false),
            undo: { () throws(SystemError) in
              try mount.lift(readOnly: isLocked, noExec: isBarred)
            }))
      }
    }
    return findings.reversed()
  }

  /// File systems of the kernel's without which PID 1 starts no service.
  private static let kernelMounts = ["/sys": "sysfs", "/sys/fs/cgroup": "cgroup2"]
  package static let kernelPlaces = Set(kernelMounts.keys)

  /// What is mounted over those, the topmost first. Where there is none of them, as in some
  /// containers, nothing is over it.
  package func findOverKernelMounts() -> [Finding] {
    var found: Set<String> = []
    let covers = mounts.filter { mount in
      if found.contains(mount.point) { return true }
      if Self.kernelMounts[mount.point] == mount.type { found.insert(mount.point) }
      return false
    }
    return covers.reversed().map { Self.cover($0, reachesService: false) }
  }

  private static func cover(_ mount: Mount, reachesService: Bool = true) -> Finding {
    Finding(
      problem: Problem(
        path: mount.point, what: "was covered by a mount (\(mount.type))",
        reachesService: reachesService),
      undo: { () throws(SystemError) in try Mounts.detach(mount.point) })
  }

  /// The paths themselves and every directory above them.
  package static func places(of paths: Set<String>) -> Set<String> {
    var places: Set<String> = ["/"]
    for path in paths {
      var place = path
      while place != "/", places.insert(place).inserted { place = Files.directory(of: place) }
    }
    return places
  }
}
