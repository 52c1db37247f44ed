import Foundation
import TestSupport

/// The disk that most tests start from, made once per run: Holdfast installed and enrolled, with
/// `example-agent` guarded and `example-neighbour` beside it. A machine that boots from a copy is
/// protected before anybody can touch it.
enum ProtectedDisk {
  /// The machine, switched off, whose disk it is.
  static func machine() async throws -> Machine {
    try await made.value
  }

  private static let made = Task { try await make() }

  private static func make() async throws -> Machine {
    let machine = try await Machine.boot()
    try await installHoldfast(on: machine)
    try await installExamples(on: machine)
    try machine.write("/usr/local/bin/is-whole", isWhole)
    try machine.write("/usr/local/bin/await-whole", awaitWhole)
    try await machine.must("chmod 0755 /usr/local/bin/is-whole /usr/local/bin/await-whole")
    try await machine.must("useradd --create-home --groups holdfast ana; useradd mallory")

    let host = ProtectedHost(machine: machine)
    try await host.enrol()
    try await machine.must("holdfast guard add example-agent")
    try await machine.must("sha256sum \(asInstalled) >/root/as-installed")
    try await machine.powerOff()
    return machine
  }

  static func installHoldfast(on machine: Machine) async throws {
    try await machine.install(try package("holdfast", Checkout.version))
  }

  static func installExamples(on machine: Machine) async throws {
    try await machine.install(
      try package("example-agent", "1.0"), try package("example-neighbour", "1.0"))
  }

  static func package(_ name: String, _ version: String) throws -> String {
    guard let path = Checkout.package(name, version: version) else {
      throw Machine.Failure(description: "no package \(name) \(version) in \(Checkout.packages)")
    }
    return path
  }

  private static let asInstalled = """
    /usr/sbin/example-agent /etc/example-agent/agent.conf \
    /usr/lib/systemd/system/example-agent.service /usr/sbin/holdfastd /usr/bin/holdfast \
    /usr/lib/systemd/system/holdfastd.service
    """

  /// is-whole UNIT: says what is not as it should be with a protected unit, nothing if all is well.
  private static let isWhole = #"""
    #!/bin/sh
    unit=$1
    property() { systemctl show --value --property "$1" "$unit"; }
    wrong() { echo "$*"; exit 1; }

    [ "$(property LoadState)" = loaded ] || wrong "load state $(property LoadState)"
    [ "$(property ActiveState)" = active ] || wrong "$(property ActiveState)"
    # Not FreezerState=, which systemd 252 leaves as it was when somebody else thaws.
    grep -qx 'frozen 0' "/sys/fs/cgroup$(property ControlGroup)/cgroup.events" || wrong frozen
    [ "$(property RefuseManualStop)" = yes ] || wrong "may be stopped by hand"
    [ "$(property NeedDaemonReload)" = no ] || wrong "needs a reload"
    systemctl is-enabled --quiet "$unit" || wrong "$(systemctl is-enabled "$unit" 2>&1)"
    case $(property ExecStart) in
    *"argv[]=/usr/sbin/${unit%.service} "*) ;;
    *) wrong "starts $(property ExecStart)" ;;
    esac
    case $(ps -o stat= -p "$(property MainPID)") in
    '' | T* | t* | Z*) wrong "its process is stopped or gone" ;;
    esac
    # Since when it runs is no matter, what it runs is.
    [ "$(readlink "/proc/$(property MainPID)/exe")" != /usr/bin/sleep ] || wrong "runs something else"
    sha256sum --quiet --check /root/as-installed 2>&1 || exit 1
    """#

  /// await-whole SECONDS UNIT: the milliseconds until it was whole, or what is wrong at the end.
  private static let awaitWhole = #"""
    #!/bin/sh
    start=$(date +%s%N)
    until why=$(is-whole "$2"); do
      if [ $((($(date +%s%N) - start) / 1000000000)) -ge "$1" ]; then
        echo "$why"
        exit 1
      fi
      sleep 0.02
    done
    echo $((($(date +%s%N) - start) / 1000000))
    """#
}
