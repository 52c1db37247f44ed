import Protection

/// One real attack on the canary.
struct Attack: Sendable {
  let attackClass: AttackClass
  /// What is done, in the words of whoever would do it.
  let title: String
  /// A script for sh(1), with the variables of `Canary`. Its exit status says whether it was let.
  let script: String
  /// A file without which it cannot be tried: a program, or what it writes to.
  var needed: String?

  /// How long its healing may take: microseconds. The slowest that is promised of others, a flag
  /// that was cleared, takes two and a half seconds.
  var patience: UInt64 { title.contains("set-property") ? 12_000_000 : 4_000_000 }

  /// It goes on for a while, and only what comes after it is its healing.
  var isLoop: Bool { script.contains("for time in") }

  init(
    _ attackClass: AttackClass, _ title: String, _ script: String? = nil, by needed: String? = nil
  ) {
    self.attackClass = attackClass
    self.title = title
    self.script = script ?? title
    self.needed = needed
  }
}

extension Attack {
  /// They touch the canary alone: its name, its files, its processes, its control group, and mounts
  /// over its own directory. What has the package manager run, or the daemon, is not here.
  static let all: [Attack] = jobs + switchingOff + overriding + processes + groups + files + mounts

  private static let jobs: [Attack] = [
    Attack(.stop, "systemctl stop", "systemctl stop $UNIT"),
    Attack(.stop, "systemctl restart", "systemctl restart $UNIT"),
    Attack(
      .stop, "systemctl try-restart, irreversibly",
      "systemctl try-restart --job-mode=replace-irreversibly $UNIT"),
    Attack(.stop, "service stop", "service ${UNIT%.service} stop", by: "/usr/sbin/service"),
    Attack(
      .stopByDependency, "a unit that conflicts with it",
      "systemd-run -q --wait --collect --unit=holdfast-prove-conflict -p Conflicts=$UNIT true"),
    Attack(
      .stopByDependency, "a unit that passes its stop on",
      """
      systemd-run -q --collect --unit=holdfast-prove-propagate -p PropagatesStopTo=$UNIT sleep 9 &&
        systemctl stop holdfast-prove-propagate.service
      """),
    Attack(
      .stopByDependency, "conflicting, ten times",
      """
      for time in 0 1 2 3 4 5 6 7 8 9; do
        systemd-run -q --wait --collect --unit=holdfast-prove-conflict -p Conflicts=$UNIT true
      done
      """),
    Attack(.managerKill, "systemctl kill -s KILL", "systemctl kill -s KILL $UNIT"),
    Attack(.managerKill, "systemctl kill -s TERM", "systemctl kill -s TERM $UNIT"),
    Attack(.managerKill, "systemctl kill -s STOP", "systemctl kill -s STOP $UNIT"),
    Attack(.freeze, "systemctl freeze", "systemctl freeze $UNIT"),
    Attack(.freezeSlice, "systemctl freeze its slice", "systemctl freeze $SLICE"),
    Attack(.freezeSlice, "systemctl stop its slice", "systemctl stop $SLICE"),
    Attack(.clean, "systemctl clean", "systemctl clean --what=all $UNIT"),
  ]

  private static let switchingOff: [Attack] = [
    Attack(.mask, "systemctl mask", "systemctl mask $UNIT"),
    Attack(.mask, "systemctl mask --runtime --now", "systemctl mask --runtime --now $UNIT"),
    Attack(
      .mask, "mask, then kill", "ln -sf /dev/null /run/systemd/system/$UNIT && kill -9 $PID"),
    Attack(.disable, "systemctl disable --now", "systemctl disable --now $UNIT"),
    Attack(.disable, "systemctl revert", "systemctl revert $UNIT; systemctl stop $UNIT"),
  ]

  private static let overriding: [Attack] = [
    Attack(
      .dropIn, "a drop-in in /etc",
      """
      mkdir -p /etc/systemd/system/$UNIT.d &&
        printf '[Service]\\nExecStart=\\nExecStart=/bin/false\\n' \\
          >/etc/systemd/system/$UNIT.d/holdfast-prove.conf
      """),
    Attack(
      .dropIn, "a drop-in in /run",
      """
      mkdir -p /run/systemd/system/$UNIT.d &&
        printf '[Service]\\nExecStart=\\nExecStart=/bin/false\\n' \\
          >/run/systemd/system/$UNIT.d/holdfast-prove.conf
      """),
    Attack(
      .dropIn, "systemctl set-property MemoryMax=", "systemctl set-property $UNIT MemoryMax=1M"),
    Attack(
      .shadowUnit, "another unit file, then kill",
      """
      printf '[Service]\\nExecStart=/bin/false\\n' >/etc/systemd/system/$UNIT
      systemctl daemon-reload
      kill -9 $PID
      """),
    Attack(
      .generator, "a generator's drop-in, then kill",
      """
      mkdir -p /run/systemd/system-generators
      cat >/run/systemd/system-generators/holdfast-prove <<END
      #!/bin/sh
      mkdir -p "\\$1/$UNIT.d"
      printf '[Service]\\nExecStart=\\nExecStart=/bin/false\\n' >"\\$1/$UNIT.d/holdfast-prove.conf"
      END
      chmod 755 /run/systemd/system-generators/holdfast-prove
      systemctl daemon-reload
      rm -f /run/systemd/system-generators/holdfast-prove
      rmdir --ignore-fail-on-non-empty /run/systemd/system-generators
      kill -9 $PID
      """),
    Attack(.bind, "systemctl bind", "systemctl bind $UNIT /dev/null $SONG"),
  ]

  private static let processes: [Attack] = [
    Attack(.signals, "kill -KILL", "kill -KILL $PID"),
    Attack(.signals, "kill -TERM", "kill -TERM $PID"),
    Attack(.signals, "kill -SEGV", "kill -SEGV $PID"),
    Attack(.signals, "pkill", "pkill -KILL -x holdfast-canary", by: "/usr/bin/pkill"),
    Attack(
      .signalLoop, "kill, 20 times a second",
      """
      for time in 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9; do
        kill -KILL $(cut -d' ' -f2 $WORK/beat)
        sleep 0.05
      done
      true
      """),
    Attack(.stopSignal, "kill -STOP", "kill -STOP $PID"),
    Attack(
      .stopSignal, "kill -STOP, ten times",
      """
      for time in 0 1 2 3 4 5 6 7 8 9; do
        kill -STOP $(cut -d' ' -f2 $WORK/beat)
        sleep 0.05
      done
      true
      """),
    Attack(
      .processLimits, "prlimit --nofile=3", "prlimit --pid $PID --nofile=3:3",
      by: "/usr/bin/prlimit"),
    Attack(.processLimits, "renice", "renice -n 19 -p $PID", by: "/usr/bin/renice"),
    Attack(.processLimits, "oom_score_adj", "echo 1000 >/proc/$PID/oom_score_adj"),
    Attack(
      .nonRoot, "kill by a user",
      "setpriv --reuid=65534 --regid=65534 --clear-groups kill -KILL $PID", by: "/usr/bin/setpriv"),
    Attack(
      .nonRoot, "systemctl stop by a user",
      "setpriv --reuid=65534 --regid=65534 --clear-groups systemctl --no-ask-password stop $UNIT",
      by: "/usr/bin/setpriv"),
  ]

  private static let groups: [Attack] = [
    Attack(.cgroupFreeze, "cgroup.freeze", "echo 1 >$CGROUP/cgroup.freeze"),
    Attack(.cgroupFreeze, "cgroup.freeze of its slice", "echo 1 >$SLICE_CGROUP/cgroup.freeze"),
    Attack(.cgroupKill, "cgroup.kill", "echo 1 >$CGROUP/cgroup.kill"),
    Attack(.cgroupKill, "cgroup.kill of its slice", "echo 1 >$SLICE_CGROUP/cgroup.kill"),
    Attack(
      .cgroupLimits, "memory.high", "echo 4096 >$CGROUP/memory.high",
      by: "\(Canary.cgroup)/memory.high"),
    Attack(
      .cgroupLimits, "pids.max of its slice", "echo 0 >$SLICE_CGROUP/pids.max",
      by: "\(Canary.sliceCgroup)/pids.max"),
    Attack(
      .cgroupLimits, "cpu.max", "echo 1000 1000000 >$CGROUP/cpu.max",
      by: "\(Canary.cgroup)/cpu.max"),
    Attack(
      .cgroupMove, "moved away and frozen there",
      """
      mkdir -p /sys/fs/cgroup/holdfast-prove
      echo $PID >/sys/fs/cgroup/holdfast-prove/cgroup.procs &&
        echo 1 >/sys/fs/cgroup/holdfast-prove/cgroup.freeze
      """),
  ]

  private static let files: [Attack] = [
    Attack(.files, "rm its program", "rm -f $PROGRAM"),
    Attack(.files, "mv its program", "mv $PROGRAM $PROGRAM.moved"),
    Attack(.files, "truncate a file", "truncate -s 0 $SONG"),
    Attack(.files, "chmod", "chmod 0 $PROGRAM"),
    Attack(.files, "chown", "chown 65534 $SONG"),
    Attack(.files, "a hard link", "ln $PROGRAM $PROGRAM.link"),
    Attack(.files, "rm its unit file", "rm -f $FRAGMENT"),
    Attack(.unflaggedFiles, "chattr -i", "chattr -i $PROGRAM"),
    Attack(.unflaggedFiles, "chattr -i, rm", "chattr -i $PROGRAM && rm -f $PROGRAM"),
    Attack(
      .unflaggedFiles, "chattr -i, replace, kill",
      "chattr -i $PROGRAM && cp --remove-destination /bin/false $PROGRAM; kill -KILL $PID"),
    Attack(.unflaggedFiles, "chattr -i, append", "chattr -i $SONG && echo Gone. >>$SONG"),
    Attack(
      .unflaggedFiles, "chattr -i, rm the unit file, kill",
      "chattr -i $FRAGMENT && rm -f $FRAGMENT; systemctl daemon-reload; kill -KILL $PID"),
  ]

  private static let mounts: [Attack] = [
    Attack(
      .mountOver, "mount --bind over its program, kill",
      "mount --bind /bin/false $PROGRAM && kill -KILL $PID"),
    Attack(
      .mountOver, "tmpfs over its directory, kill",
      "mount -t tmpfs none $DIRECTORY && kill -KILL $PID"),
    Attack(
      .mountOver, "its directory noexec, kill",
      """
      mount --bind $DIRECTORY $DIRECTORY && mount -o remount,bind,noexec $DIRECTORY &&
        kill -KILL $PID
      """),
    Attack(.mountOver, "mount over its unit file", "mount --bind /dev/null $FRAGMENT"),
  ]
}
