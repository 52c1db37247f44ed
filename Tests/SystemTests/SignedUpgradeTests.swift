import AgentToken
import JSON
import TestSupport
import Testing

/// `Upgrades=signed`: what a release manifest lists is taken without a token, and nothing else.
@Suite(.bootsMachines)
struct SignedUpgradeTests {
  private let renewed =
    "sed -i 's/example-agent 1\\.1/example-agent renewed/' usr/sbin/example-agent"

  @Test("released versions come by holdfast upgrade, apt and dpkg, and nothing older")
  func upgrades() async throws {
    try await withProtectedHost { host in
      let machine = host.machine
      try await host.set("Upgrades=signed", for: "example-agent")
      try await host.repackage("example-agent", "1.1", as: "1.2", to: "a")
      try await host.repackage("example-agent", "1.1", as: "1.3", to: "b", renewed)
      try await host.repackage("example-agent", "1.1", as: "1.4", to: "c")
      try await host.refuses("dpkg --install /root/a.deb")
      try await host.refuses("holdfast upgrade /root/a.deb")

      try host.sign("a")
      let taken = try await host.allows(
        "holdfast upgrade --release /root/a.release /root/a.deb", timeout: 60)
      #expect(taken.text.contains("as its release lists it"))
      #expect(try await host.version(of: "example-agent") == "1.2")
      for (name, version, command) in [
        ("b", "1.3", "apt-get install -y /root/b.deb"), ("c", "1.4", "dpkg --install /root/c.deb"),
      ] {
        try await host.release(name)
        let pin = try await machine.must("cat /etc/apt/preferences.d/*holdfast-example-agent")
        #expect(pin.contains("Pin: version \(version)\nPin-Priority: 1002"), "\(pin)")
        try await host.allows(command)
        #expect(try await host.becomesProtected())
        #expect(try await host.version(of: "example-agent") == version)
      }
      #expect(try await machine.must("dpkg --audit").isEmpty)
      #expect(
        try await machine.eventually(
          "holdfast log | grep 'upgraded .*version 1.4, previous 1.3'"))
      try await machine.must("note-files")
      try await host.expectProtected()

      try await host.refuses("dpkg --install /root/b.deb")
      try await host.refuses("holdfast upgrade /root/b.deb")
      try await host.refuses("holdfast release /root/a.release")
      try await host.refuses("dpkg --purge example-agent")
      #expect(try await machine.must("holdfast release").contains("1.4"))
    }
  }

  @Test("a forged package, an unlisted file and another script are refused before anything changes")
  func forgeries() async throws {
    try await withProtectedHost { host in
      let machine = host.machine
      try await host.set("Upgrades=signed", for: "example-agent")
      try await host.repackage("example-agent", "1.1", as: "1.2", to: "good")
      try await host.release("good")
      for change in [
        renewed, "echo more >usr/sbin/more", "ln -s /root/more usr/sbin/more",
        "rm -r etc DEBIAN/conffiles", "echo 'touch /root/ran' >>DEBIAN/postinst",
        "printf '#!/bin/sh\\ntouch /root/ran\\n' >DEBIAN/config; chmod 755 DEBIAN/config",
      ] {
        try await host.repackage("example-agent", "1.1", as: "1.2", to: "bad", change)
        for command in ["holdfast upgrade /root/bad.deb", "dpkg --install /root/bad.deb"] {
          try await host.refuses(command)
          #expect(try await host.version(of: "example-agent") == "1.0")
        }
      }
      #expect(try await machine.must("ls /root /usr/sbin | grep -E '^(ran|more)$' || :").isEmpty)
      try await host.expectProtected()
      // A key of another role, another cluster, and one that was revoked since.
      for text in [
        host.cluster.release([]).signed(
          by: host.cluster.pair(for: .cluster), kid: MintingAuthority.kid(for: .cluster)
        ).text,
        MintingAuthority(number: 7).release([]).text, "x",
      ] {
        try machine.write("/root/forged", text)
        try await host.refuses("holdfast release /root/forged")
      }
      let revoking = host.cluster.bundle(
        sequence: 42, issuedAt: ProtectedHost.now - 10, revoked: ["kids": ["k-release"]])
      try machine.write("/root/newer.bundle", revoking.text)
      try await host.allows("holdfast bundle import /root/newer.bundle")
      try await host.refuses("holdfast upgrade /root/good.deb")
    }
  }

  /// Asks the daemon at once, whatever the package holds: root can have anything in its PATH.
  private let accomplice = """
    #!/usr/bin/perl
    use Socket;
    socket(S, PF_UNIX, SOCK_STREAM, 0) or die;
    connect(S, sockaddr_un("/run/holdfast/control.sock")) or die;
    syswrite S, "upgrade $ARGV[1] $ARGV[2]\\n";
    sysread S, my $reply, 65536;
    if (-e "/root/kill-daemon") { system("kill -9 `systemctl show -p MainPID --value holdfastd`"); }
    exit($reply =~ /"ok":true/ ? 0 : 1);
    """

  @Test(
    "what was not compared beforehand is put back, also by a daemon killed meanwhile",
    arguments: [false, true])
  func landing(killsDaemon: Bool) async throws {
    try await withProtectedHost { host in
      let machine = host.machine
      try await host.set("Upgrades=signed", for: "example-agent")
      try await host.repackage("example-agent", "1.1", as: "1.2", to: "good")
      try await host.release("good")
      try await host.repackage(
        "example-agent", "1.1", as: "1.2", to: "bad",
        renewed
          + "; echo more >usr/sbin/more; echo Nice=5 >>lib/systemd/system/example-agent.service")
      try await machine.must("mkdir /root/fake")
      try machine.write("/root/fake/holdfast", accomplice)
      if killsDaemon { try await machine.must("touch /root/kill-daemon") }
      try await machine.must("chmod 755 /root/fake/holdfast")
      try await machine.must("PATH=/root/fake:$PATH dpkg --install /root/bad.deb")
      #expect(
        try await machine.eventually("holdfast log | grep 'upgrade_undone'"))
      #expect(try await host.becomesProtected())
      // All of it is as it was noted before, records of the package included.
      try await host.expectProtected()
      #expect(try await machine.must("/usr/sbin/example-agent --version") == "example-agent 1.0")

      // The right package still comes.
      try await machine.must("rm -f /root/kill-daemon")
      try await host.allows("holdfast upgrade /root/good.deb", timeout: 60)
      try await machine.must("note-files")
      try await host.expectProtected()
    }
  }

  @Test("files are put back while dpkg still has them in hand")
  func meanwhile() async throws {
    try await withProtectedHost { host in
      let machine = host.machine
      try await host.set("Upgrades=signed", for: "example-agent")
      try await host.repackage(
        "example-agent", "1.1", as: "1.2", to: "slow",
        "sed -i '2i until [ -e /root/go ]; do sleep 0.1; done' DEBIAN/postinst")
      try await host.release("slow")
      try await machine.must(
        "dpkg --install /root/slow.deb >/root/dpkg.log 2>&1 </dev/null &")
      #expect(
        try await machine.eventually(
          "/usr/sbin/example-agent --version | grep -q 1.1"))
      for change in [
        "echo 'exit 0' >>/usr/sbin/example-agent", "chmod 666 /etc/example-agent/agent.conf",
      ] {
        try await machine.must(change)
      }
      #expect(
        try await machine.eventually(
          "! grep -q '^exit 0' /usr/sbin/example-agent"))
      // Nor is anything else open, or the package to be removed.
      #expect(try await !machine.run("echo >>/usr/sbin/holdfastd").succeeded)
      #expect(try await !machine.run("sh /var/lib/dpkg/info/example-agent.prerm remove").succeeded)
      try await machine.must("touch /root/go")
      #expect(
        try await machine.eventually("holdfast log | grep 'upgrade_undone'"))
      #expect(try await host.becomesProtected())
      try await host.expectProtected()
    }
  }

  @Test(
    "its scripts may restart the service with what the release lists", arguments: [false, true])
  func scripts(killsDaemon: Bool) async throws {
    try await withProtectedHost { host in
      let machine = host.machine
      try await AwkwardPackage.install(on: machine)
      try await host.allows("holdfast guard add awkward-reload")
      try await host.set("Upgrades=signed", for: "awkward-reload")
      try await host.release("awkward_1.1_all")
      if killsDaemon { try await machine.must("touch /root/kill-daemon") }
      try await host.allows("dpkg --install /root/awkward_1.1_all.deb")
      #expect(try await host.becomesProtected())
      let shown = try await machine.must(
        "systemctl show -p ExecStart -p Environment -p RefuseManualStop awkward-reload")
      for part in ["awkward renewed", "FROM_PACKAGE=yes", "RefuseManualStop=yes"] {
        #expect(shown.contains(part), "\(shown)")
      }
      try await machine.must("pgrep -f 'awkward renewed'")
      #expect(try await !machine.run("echo >>/usr/sbin/awkward").succeeded)
      #expect(try await machine.must("holdfast log").contains("upgraded "))
      try await host.expectProtected()
    }
  }
}
