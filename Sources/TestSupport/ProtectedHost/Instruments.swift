/// Small programs on the machine that look at a protected unit: one call from outside each, so
/// that what is measured is the machine and not the way to it.
package enum Instruments {
  /// Installs them, and takes down what the protected files look like now.
  package static func install(on machine: Machine) async throws {
    for (name, text) in [
      ("is-whole", isWhole), ("await-whole", awaitWhole), ("refuses", refuses),
      ("withstands", withstands), ("note-files", noteFiles),
    ] {
      try machine.write("/usr/local/bin/\(name)", text)
      try await machine.must("chmod 0755 /usr/local/bin/\(name)")
    }
    try await machine.must("note-files")
  }

  /// note-files: from now on the files are right as they are.
  private static let noteFiles = #"""
    #!/bin/sh
    units=/usr/lib/systemd/system
    cd /usr/sbin || exit 1
    sha256sum /usr/sbin/example-agent /etc/example-agent/agent.conf $units/example-agent.service \
      >/root/example-agent.service.files
    sha256sum /usr/sbin/holdfastd /usr/bin/holdfast $units/holdfastd.service \
      >/root/holdfastd.service.files
    """#

  /// is-whole UNIT: says what is not as it should be with a protected unit, nothing if all is well.
  private static let isWhole = #"""
    #!/bin/sh
    unit=$1
    wrong() { echo "$*"; exit 1; }
    eval "$(systemctl show -p LoadState -p ActiveState -p RefuseManualStop -p NeedDaemonReload \
      -p ControlGroup -p MainPID -p ExecStart "$unit" | sed "s/=/='/; s/\$/'/")"

    [ "$LoadState" = loaded ] || wrong "load state $LoadState"
    [ "$ActiveState" = active ] || wrong "$ActiveState"
    [ "$RefuseManualStop" = yes ] || wrong "may be stopped by hand"
    [ "$NeedDaemonReload" = no ] || wrong "needs a reload"
    case $ExecStart in
    *"argv[]=/usr/sbin/${unit%.service} "*) ;;
    *) wrong "starts $ExecStart" ;;
    esac
    case $(ps -o stat= -p "$MainPID") in
    '' | T* | t* | Z*) wrong "its process is stopped or gone" ;;
    esac
    [ "$(readlink "/proc/$MainPID/exe")" != /usr/bin/sleep ] || wrong "runs something else"
    # Not FreezerState=, which systemd 252 leaves as it was when somebody else thaws.
    case $(cat "/sys/fs/cgroup$ControlGroup/cgroup.events" 2>&1) in
    *'frozen 0'*) ;;
    *) wrong "frozen: $(cat "/sys/fs/cgroup$ControlGroup/cgroup.events" 2>&1)" ;;
    esac
    systemctl is-enabled --quiet "$unit" || wrong "$(systemctl is-enabled "$unit" 2>&1)"
    sha256sum --quiet --check "/root/$unit.files" 2>&1 || exit 1
    """#

  /// await-whole SECONDS UNIT: the milliseconds until it was whole, or what is wrong at the end.
  private static let awaitWhole = #"""
    #!/bin/sh
    start=$(date +%s%N)
    until why=$(is-whole "$2"); do
      if [ $((($(date +%s%N) - start) / 1000000)) -ge $(($1 * 1000)) ]; then
        echo "$why"
        exit 1
      fi
      sleep 0.02
    done
    echo $((($(date +%s%N) - start) / 1000000))
    """#

  /// refuses UNIT: the script on standard input fails, and UNIT is whole and never restarted.
  private static let refuses = #"""
    #!/bin/sh
    invocation() { systemctl show -p InvocationID -p MainPID "$1"; }
    script=$(cat)
    before=$(invocation "$1")
    said=$(sh -c "$script" 2>&1 </dev/null) && { echo "not refused: $said"; exit 1; }
    why=$(is-whole "$1") || { echo "$why, after it said: $said"; exit 1; }
    [ "$(invocation "$1")" = "$before" ] || { echo "restarted: $said"; exit 1; }
    """#

  /// withstands SECONDS UNIT: whatever the script on standard input says, UNIT is whole again
  /// within that time, and still is when all that it set off is over. Says the milliseconds.
  private static let withstands = #"""
    #!/bin/sh
    script=$(cat)
    said=$(sh -c "$script" 2>&1 </dev/null)
    took=$(await-whole "$1" "$2") || { echo "$took, after it said: $said"; exit 1; }
    sleep 0.2
    later=$(await-whole "$1" "$2") || { echo "later: $later, after it said: $said"; exit 1; }
    echo "$took"
    """#
}
