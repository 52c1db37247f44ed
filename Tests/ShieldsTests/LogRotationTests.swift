import Testing

@testable import Shields

@Suite struct LogRotationTests {
  private func read(_ text: String) -> LogRotation? {
    LogRotation(text: text, unit: "demo.service")
  }

  /// As rsyslog, nginx and others ship theirs (logrotate(8)).
  @Test func logsAndSignalsOfACommonFile() throws {
    let rotation = try #require(
      read(
        """
        # rotated weekly
        weekly
        /var/log/demo/*.log
        "/var/log/demo agent.log"
        {
        \trotate 4
        \tsharedscripts
        \tpostrotate
        \t\t[ ! -f /run/demo.pid ] || kill -USR1 `cat /run/demo.pid`
        \t\tsystemctl kill -s HUP demo.service >/dev/null 2>&1 || true
        \tendscript
        }
        /var/log/demo.err {
        }
        """))
    #expect(
      rotation.logs == ["/var/log/demo/*.log", "/var/log/demo agent.log", "/var/log/demo.err"])
    #expect(rotation.signals == ["USR1", "HUP"])
    #expect(!rotation.reloads)
  }

  @Test(arguments: [
    ("kill -HUP $(cat /run/demo.pid)", ["HUP"]), ("/bin/kill -s USR2 12", ["USR2"]),
    ("kill -1 $PID", ["HUP"]), ("pkill -SIGWINCH demo", ["WINCH"]),
    ("killall -q -USR1 demo", ["USR1"]),
    ("start-stop-daemon --stop --signal USR1 --pidfile /run/d", ["USR1"]),
    ("systemctl kill --signal=HUP demo", ["HUP"]),
    ("systemctl --kill-who=main kill -s SIGHUP demo.service", ["HUP"]),
    // Another's business, or no favour.
    ("systemctl kill -s HUP other.service", []), ("kill -9 $PID", []), ("kill $PID", []),
    ("kill -TERM $PID", []), ("systemctl kill demo.service", []), ("kill -STOP 1", []),
    ("# kill -HUP 1", []), ("echo skill -HUP", []),
  ])
  func signals(command: String, expected: [String]) throws {
    let text = "/var/log/demo.log {\n  postrotate\n    \(command)\n  endscript\n}\n"
    #expect(try #require(read(text)).signals == expected)
  }

  @Test(arguments: [
    ("systemctl reload demo.service", true), ("invoke-rc.d demo reload >/dev/null", true),
    ("service demo force-reload", true), ("systemctl try-reload-or-restart demo", true),
    ("systemctl reload other", false), ("systemctl restart demo", false),
  ])
  func reloads(command: String, expected: Bool) throws {
    let text = "/var/log/demo.log {\n  postrotate\n    \(command)\n  endscript\n}\n"
    #expect(try #require(read(text)).reloads == expected)
  }

  @Test func aReloadSendsWhatExecReloadSends() {
    #expect(LogRotation.signals(ofReload: [["/bin/kill", "-HUP", "42"]]) == ["HUP"])
    #expect(LogRotation.signals(ofReload: [["/usr/sbin/demo", "-t"]]) == [])
  }

  /// What is written there decides what is left out of the baseline.
  @Test(arguments: [
    "/etc/demo/demo.conf", "/usr/sbin/demo", "/*", "/var/*", "/var/*/x", "/var/log",
    "/var/lib/dpkg/info/*", "/var/log/../../etc/passwd", "/var//log/x", "/v?r/log/x", "/opt/demo",
  ])
  func noLogs(path: String) throws {
    #expect(try #require(read("\(path) {\n}\n")).logs == [])
  }

  @Test(arguments: [
    "/var/log/demo.log {\n", "/var/log/demo.log {\n postrotate\n}\n", "\"/var/log/demo.log {\n}\n",
    "/var/log/demo.log\n", "weekly {\n}\n", "/var/log/a {\n /var/log/b {\n}\n}\n",
    "/var/log/demo.log {\n}\n" + String(repeating: "#", count: 70_000),
  ])
  func aFileThatCannotBeFollowedSaysNothing(text: String) {
    #expect(read(text) == nil)
  }
}
