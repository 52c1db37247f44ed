import Testing

@testable import Linux

@Suite struct MountTests {
  // As proc_pid_mountinfo(5) has them.
  private let mounts: [Mount] =
    """
    22 28 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
    23 22 0:30 / /srv rw shared:2 - nfs4 server:/export rw,vers=4.2
    24 22 0:31 / /mnt/with\\040blank ro - ext4 /dev/sdb1 rw
    25 22 0:32 / /opt rw - ext4 /dev/sdc1 ro
    26 22 0:33 / /srv rw - tmpfs tmpfs rw
    27 22 0:34 / /home/ana rw - fuse.sshfs ana@host: rw
    not a mount
    """.split(separator: "\n").compactMap(Mount.init)

  @Test(arguments: [
    ("/etc/x", "ext4", false), ("/srv/x", "tmpfs", false), ("/srvx", "ext4", false),
    ("/mnt/with blank/x", "ext4", true), ("/opt", "ext4", true),
    ("/home/ana/a", "fuse.sshfs", false),
  ])
  func whatAPathLiesOn(path: String, type: String, isReadOnly: Bool) throws {
    let found = try #require(mounts.under(path))
    #expect(found.type == type && found.isReadOnly == isReadOnly)
  }

  @Test(arguments: [
    ("nfs", true), ("nfs4", true), ("cifs", true), ("fuse.sshfs", true), ("fuseblk", true),
    ("9p", true), ("ext4", false), ("xfs", false), ("overlay", false), ("tmpfs", false),
    ("fusectl", false),
  ])
  func othersChangeWhatIsForeign(type: String, isForeign: Bool) throws {
    let mount = try #require(Mount(line: "22 28 8:1 / / rw - \(type) /dev/x rw"))
    #expect(mount.isForeign == isForeign)
  }

  @Test func patternsStayInTheirFolder() {
    #expect(Files.matches("/var/log/a/b.log", pattern: "/var/log/a/*.log"))
    #expect(!Files.matches("/var/log/a/c/b.log", pattern: "/var/log/a/*.log"))
    #expect(Files.matches("/var/log/b.log", pattern: "/var/log/b.log"))
  }
}
