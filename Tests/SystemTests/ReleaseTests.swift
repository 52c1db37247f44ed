import TestSupport
import Testing

/// Letting go leaves the machine as if nothing had ever been there.
@Suite(.bootsMachines)
struct ReleaseTests {
  /// Everything below /etc, /usr and dpkg's records but Holdfast's own configuration and state:
  /// kind, mode, owner, flags, target and contents of each; then what PID 1 makes of the unit files.
  private static let digest = #"""
    #!/bin/bash
    set -o pipefail
    cd /
    prune=(-path ./etc/holdfast -o -path ./etc/holdfast.state)
    find ./etc ./usr ./var/lib/dpkg \( "${prune[@]}" \) -prune -o -printf '%p %y %m %U:%G %l\n' | sort
    find ./etc ./usr ./var/lib/dpkg \( "${prune[@]}" \) -prune -o -type f -print0 | sort -z |
      xargs -0 sha256sum
    lsattr -R -a ./etc ./usr ./var/lib/dpkg 2>/dev/null | grep -E '^[^ ]*[ia][^ ]* ' |
      grep -v -e ' ./etc/holdfast' | sort
    systemctl show example-agent.service |
      grep -vE '^(.*Timestamp.*|.*PID=|.*USec=[0-9]|InvocationID|Memory(Current|Available|Peak)|CPUUsage|Tasks(Current)|IO|IP|NRestarts|ControlGroupId|Watchdog|ExecStart=|ExecStartEx=|StatusErrno|Result|Effective.*)' |
      sort | while IFS='=' read -r key value; do
        # Lists have no order of their own.
        echo "$key=$(echo "$value" | tr ' ' '\n' | sort | tr '\n' ' ')"
      done
    """#

  @Test("adding a service and removing it again changes no byte of the system")
  func roundTrip() async throws {
    try await withMachine { machine in
      try await ProtectedDisk.installHoldfast(on: machine)
      try await ProtectedDisk.installExamples(on: machine)
      let host = ProtectedHost(machine: machine)
      try machine.write("/usr/local/bin/digest", Self.digest)
      try await machine.must("chmod 0755 /usr/local/bin/digest; systemctl daemon-reload")
      let before = try await machine.must("digest")

      try await host.enrol()
      try await machine.must("holdfast guard add example-agent")
      let during = try await machine.must("digest")
      #expect(during != before)
      try await host.unprotect()
      try await machine.must("holdfast guard remove example-agent")

      let after = try await machine.must("digest")
      try machine.write("/root/before", before)
      try machine.write("/root/after", after)
      let difference = try await machine.run("diff /root/before /root/after")
      #expect(difference.succeeded, "\(difference)")
    }
  }
}
