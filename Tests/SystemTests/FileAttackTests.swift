import TestSupport
import Testing

/// What root does to the files of a protected service, and to the daemon's own.
@Suite(.bootsMachines)
struct FileAttackTests {
  static let files = [
    "/usr/sbin/example-agent", "/usr/lib/systemd/system/example-agent.service",
    "/usr/sbin/holdfastd", "/usr/lib/systemd/system/holdfastd.service", "/usr/bin/holdfast",
  ]

  @Test("program and unit file cannot be removed, moved or changed", arguments: files)
  func refusals(file: String) async throws {
    try await withProtectedHost { host in
      for command in [
        "rm -f \(file)", "mv \(file) /tmp/away", "truncate -s 0 \(file)", "echo x >>\(file)",
        "cp /bin/true \(file)", "install -m 0755 /bin/true \(file)", "chmod 000 \(file)",
        "chown nobody \(file)", "ln \(file) /tmp/link", "sed -i s/a/b/ \(file)",
        "setfattr -n user.x -v y \(file) || false", "dd if=/dev/zero of=\(file) bs=1 count=1",
      ] {
        try await host.refuses(command)
      }
    }
  }

  @Test(
    "where the immutable flag is taken off first, the file is put back",
    arguments: files)
  func healing(file: String) async throws {
    try await withProtectedHost { host in
      for command in ["rm -f", "truncate -s 0", "cp /bin/true", "chmod 000"] {
        try await host.withstands("chattr -i \(file) && \(command) \(file)")
        #expect(
          try await host.machine.eventually("lsattr \(file) | cut -c1-20 | grep -q i"),
          "\(file) is immutable again after \(command)")
      }
    }
  }

  @Test("files of the same folders that are not protected can be changed")
  func neighbours() async throws {
    try await withProtectedHost { host in
      for command in [
        "touch /usr/sbin/something", "rm /usr/sbin/something",
        "echo '# more' >>/lib/systemd/system/example-neighbour.service",
        "touch /etc/systemd/system/something.service", "rm /etc/systemd/system/something.service",
        "echo '# more' >>/etc/holdfast/holdfast.conf",
      ] {
        try await host.allows(command)
      }
    }
  }
}
