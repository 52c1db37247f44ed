import Linux

/// Takes back whatever an attack can leave behind, whichever it was and however it ended: what is
/// not there costs nothing. It names nothing but the canary's and the prover's own.
enum Undoing {
  /// - Parameter reloads: has PID 1 read its files again in any case.
  static func run(reloads: Bool = false, holding signals: HeldSignals) {
    _ = ChildProcess.script(
      Canary.variables() + "set -- \(reloads ? "1" : "''")\n" + script, output: "/dev/null",
      seconds: 20, holding: signals,
      despiteSignals: true)
  }

  private static let script = #"""
    for group in /sys/fs/cgroup/holdfast-prove "$CGROUP" "$SLICE_CGROUP"; do
      [ ! -e "$group/cgroup.freeze" ] || echo 0 >"$group/cgroup.freeze"
    done
    # Processes that were moved away: the canary is started afresh.
    if [ -d /sys/fs/cgroup/holdfast-prove ]; then
      echo 1 >/sys/fs/cgroup/holdfast-prove/cgroup.kill
      for try in 1 2 3 4 5 6 7 8 9; do
        rmdir /sys/fs/cgroup/holdfast-prove && break
        sleep 0.1
      done
    fi
    for group in "$CGROUP" "$SLICE_CGROUP"; do
      for limit in memory.max memory.high memory.swap.max pids.max; do
        [ ! -e "$group/$limit" ] || [ "$(cat "$group/$limit")" = max ] || echo max >"$group/$limit"
      done
      [ ! -e "$group/cpu.max" ] || echo max >"$group/cpu.max"
    done
    for pass in 1 2 3; do
      cut -d' ' -f5 /proc/self/mountinfo | tac | while read -r place; do
        case $place in
        "$DIRECTORY" | "$DIRECTORY"/* | "$FRAGMENT") umount -l "$place" ;;
        esac
      done
    done
    changed=
    if [ -e /run/systemd/system-generators/holdfast-prove ]; then
      rm -f /run/systemd/system-generators/holdfast-prove
      rmdir --ignore-fail-on-non-empty /run/systemd/system-generators
      changed=1
    fi
    for name in conflict propagate; do
      systemctl stop "holdfast-prove-$name.service"
      systemctl reset-failed "holdfast-prove-$name.service"
    done
    for directory in /etc/systemd/system /run/systemd/system; do
      for file in "$directory/$UNIT" "$directory/$UNIT.d/holdfast-prove.conf"; do
        if [ -e "$file" ] || [ -L "$file" ]; then
          chattr -i "$file" "$directory/$UNIT.d"
          rm -f "$file" && changed=1
        fi
      done
      [ ! -d "$directory/$UNIT.d" ] || rmdir --ignore-fail-on-non-empty "$directory/$UNIT.d"
    done
    for file in "$PROGRAM" "$SONG" "$FRAGMENT"; do
      copy=$WORK/copies${file}
      [ -e "$copy" ] || continue
      cmp -s "$copy" "$file" && [ "$(stat -c '%a %u %g' "$copy")" = "$(stat -c '%a %u %g' "$file")" ] &&
        continue
      chattr -i "$file"
      cp -p --remove-destination "$copy" "$file"
      changed=1
    done
    rm -f "$WORK"/moved.* "$DIRECTORY"/*.moved "$DIRECTORY"/*.link
    # Also for what systemd has in memory alone.
    [ -z "$changed$1" ] || systemctl daemon-reload
    true
    """#

  /// Once the canary is no longer guarded.
  static func finish(holding signals: HeldSignals) {
    run(holding: signals)
    _ = ChildProcess.script(
      Canary.variables() + """
        systemctl stop "$UNIT" "$SLICE"
        systemctl reset-failed "$UNIT" "$SLICE"
        # The slice above it, where nothing else is in there.
        ! grep -qx 'populated 0' /sys/fs/cgroup/holdfast.slice/cgroup.events ||
          systemctl stop holdfast.slice
        rm -rf "$WORK"
        """, output: "/dev/null", seconds: 20, holding: signals, despiteSignals: true)
  }
}
