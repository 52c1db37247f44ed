import Linux
import Protection
import Testing

@testable import Shields

struct CoversTests {
  private let paths: Set<String> = ["/usr/sbin/demo", "/etc/demo/demo.conf"]

  private func mounts(_ lines: String...) throws -> [Mount] {
    try lines.enumerated().map { number, line in
      try #require(Mount(line: "\(number + 20) 1 0:5 / \(line)"))
    }
  }

  private func service(on mounts: [KeptMount]?) throws -> ServiceDefinition {
    var service = try Fixture().define()
    service.mounts = mounts
    return service
  }

  private let root = "/ rw,relatime shared:1 - ext4 /dev/vda rw"
  private let etc = "/etc rw - ext4 /dev/vdb rw"

  private func problems(_ now: [Mount], _ before: [Mount]) throws -> [String] {
    let known = Covers(mounts: before).underneath(paths)
    return Covers(mounts: now).find(try service(on: known), paths).map(\.problem.sentence)
  }

  @Test func takesOnlyWhatIsUnderneath() throws {
    let before = try mounts(root, etc, "/home rw - ext4 /dev/vdc rw")
    #expect(Covers(mounts: before).underneath(paths).map(\.point) == ["/", "/etc"])
  }

  @Test func leavesOtherMountsAlone() throws {
    let before = try mounts(root, etc)
    let now = try mounts(root, etc, "/home rw - ext4 /dev/vdc rw", "/etc/other rw - tmpfs x rw")
    #expect(try problems(now, before).isEmpty)
  }

  @Test func findsWhatLiesOnTopTopmostFirst() throws {
    let before = try mounts(root, etc)
    let now = try mounts(
      root, etc, "/usr rw - tmpfs x rw", "/usr/sbin/demo rw - tmpfs x rw", "/etc rw - overlay x rw")
    #expect(
      try problems(now, before) == [
        "/etc was covered by a mount (overlay)",
        "/usr/sbin/demo was covered by a mount (tmpfs)",
        "/usr was covered by a mount (tmpfs)",
      ])
  }

  @Test func findsWhatWasLocked() throws {
    let before = try mounts(root, "/etc ro - ext4 /dev/vdb rw")
    let now = try mounts("/ ro,noexec - ext4 /dev/vda rw", "/etc ro - ext4 /dev/vdb ro")
    #expect(try problems(now, before) == ["/ was remounted read-only"])
    let barred = try mounts("/ rw,noexec - ext4 /dev/vda rw", "/etc ro - ext4 /dev/vdb ro")
    #expect(try problems(barred, before) == ["/ was remounted noexec"])
  }

  @Test func saysNothingOfWhatWasNeverLookedAt() throws {
    let now = try mounts(root, "/etc rw - tmpfs x rw")
    #expect(Covers(mounts: now).find(try service(on: nil), paths).isEmpty)
  }

  /// In no baseline, because they are the same on every host.
  @Test func findsWhatLiesOnTheControlGroups() throws {
    let sys = "/sys rw - sysfs sysfs rw"
    let groups = "/sys/fs/cgroup rw - cgroup2 cgroup rw"
    func covers(_ now: [Mount]) -> [String] {
      Covers(mounts: now).findOverKernelMounts().map(\.problem.sentence)
    }
    #expect(covers(try mounts(root, sys, groups)).isEmpty)
    // A container has its own in the place of sysfs, and older systems several hierarchies.
    let tmpfs = "/sys/fs/cgroup rw - tmpfs tmpfs rw"
    #expect(covers(try mounts(root, "/sys rw - tmpfs tmpfs rw", tmpfs)).isEmpty)
    #expect(
      covers(try mounts(root, sys, groups, tmpfs, "/sys rw - tmpfs x rw")) == [
        "/sys was covered by a mount (tmpfs)", "/sys/fs/cgroup was covered by a mount (tmpfs)",
      ])
  }
}
