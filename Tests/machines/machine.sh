#!/bin/bash
# Holds one throw-away machine: real systemd in a systemd-nspawn container, on a private copy of
# an ext4 image, so that immutable flags are real. Needs root.
#
# usage: machine.sh IMAGE DIRECTORY [NSPAWN-OPTION…]
#
# DIRECTORY must not exist yet; the machine lives in it, its files are under DIRECTORY/root, what
# it prints on its console in DIRECTORY/console. Says `ready` when its disk is there, and then
# takes commands from standard input, a line each:
#   boot [ARGUMENT…]   boots, ARGUMENTs being the kernel's; says `up LEADER STATE` or `failed WHY`
#   again              waits for a reboot that the machine itself began; says the same
#   start              boots without waiting for services; says `up LEADER starting`
# LEADER is the process id of the machine's PID 1 here: `nsenter --target LEADER --all COMMAND`.
# Whenever the machine ends, by itself or not, it says `off`; its disk stays for the next `boot`.
#
# At the end of its input, which also comes when whoever started this dies, everything is killed,
# unmounted and deleted. Machines whose holder was killed are swept by the next one started in the
# same parent directory.
set -uo pipefail

image=$1
directory=$2
shift 2
options=("$@")
name=$(basename "$directory")
boot_seconds=180
leader=

# True while the machine runs, also in the moment between the two halves of a reboot.
is_on() {
  [ -e "$directory/on" ]
}

# The machine's PID 1: the child of the container's process that is number 1 in a namespace of its
# own. (Early on there is another child, which only sets things up.)
first_process() {
  local container child
  container=$(cat "$directory/container" 2>/dev/null)
  # The list has no newline at its end.
  child=$(cut -d' ' -f1 "/proc/$container/task/$container/children" 2>/dev/null)
  if [ -n "$child" ] && grep -q '^NSpid:.*[[:space:]]1$' "/proc/$child/status" 2>/dev/null; then
    echo "$child"
  fi
}

# remove_cgroup DIRECTORY: ends every process of the machine there, and their cgroups
remove_cgroup() {
  local cgroup try
  cgroup=$(cat "$1/cgroup" 2>/dev/null)
  [ -n "$cgroup" ] && [ -d "$cgroup" ] || return 0
  for ((try = 0; try < 100; try++)); do
    echo 1 >"$cgroup/cgroup.kill"
    find "$cgroup" -depth -type d -exec rmdir {} + 2>/dev/null
    [ -d "$cgroup" ] || return 0
    sleep 0.05
  done
}

# unmount_and_delete DIRECTORY
unmount_and_delete() {
  while mountpoint -q "$1/root"; do
    umount "$1/root" 2>/dev/null || umount --lazy "$1/root" || break
  done
  rm -rf -- "$1"
}

# What holders left that could not clean up: the lock is free, and it is not being made.
sweep() {
  local other
  for other in "$(dirname "$directory")"/*/; do
    other=${other%/}
    case $other in
    *.new) continue ;;
    esac
    [ -e "$other/lock" ] || continue
    (
      flock --nonblock 8 || exit 0
      remove_cgroup "$other"
      unmount_and_delete "$other"
    ) 8<"$other/lock"
  done
}

clean_up() {
  trap - EXIT
  touch "$directory/ending"
  remove_cgroup "$directory"
  wait 2>/dev/null
  unmount_and_delete "$directory"
}

# find_leader OTHER-THAN
find_leader() {
  local try found
  for ((try = 0; try < boot_seconds * 20; try++)); do
    is_on || return 1
    found=$(first_process)
    if [ -n "$found" ] && [ "$found" != "$1" ]; then
      leader=$found
      return 0
    fi
    sleep 0.05
  done
  return 1
}

# Waits until the machine has started all it wants to start. Asking again and again, because
# `is-system-running --wait` may miss the one signal that it waits for.
say_when_up() {
  local state='' end=$((SECONDS + boot_seconds))
  while is_on && [ "$SECONDS" -lt "$end" ]; do
    state=$(timeout 5 nsenter --target "$leader" --all env -i PATH=/usr/bin:/bin \
      systemctl is-system-running 2>/dev/null)
    case $state in
    running | degraded | maintenance)
      echo "up $leader $state"
      return
      ;;
    esac
    sleep 0.03
  done
  echo "failed: ${state:-ended while it booted}, see $directory/console"
}

# launch ARGUMENT…: the container, and `off` when it ends. A reboot ends it with status 133.
launch() {
  local status=133
  touch "$directory/on"
  {
    while [ "$status" -eq 133 ] && [ ! -e "$directory/ending" ]; do
      remove_cgroup "$directory"
      mkdir -p "$cgroup"
      SYSTEMD_NSPAWN_UNIFIED_HIERARCHY=1 sh -c 'echo $$ >"$1/cgroup.procs" && shift && exec "$@"' sh \
        "$cgroup" setsid systemd-nspawn --quiet -M "$name" -D "$directory/root" --boot \
        --private-network --register=no --keep-unit --console=pipe "${options[@]}" \
        systemd.show_status=0 "$@" </dev/null >>"$directory/console" 2>&1 &
      echo $! >"$directory/container.new"
      mv "$directory/container.new" "$directory/container"
      wait $! 2>/dev/null
      status=$?
      rm -f "$directory/container"
    done
    # A container leaves this to its host; without, a copy of the disk would lack the latest.
    sync --file-system "$directory/root"
    rm -f "$directory/on"
    echo off
  } 8<&- & # the lock is this process's alone: it says whether the machine is still held
}

mkdir -p "$(dirname "$directory")" || exit 1
# Made under another name, so that a sweep never sees one without its lock held.
mkdir -p "$directory.new/root" || exit 1
exec 8>"$directory.new/lock"
flock 8
mv -T "$directory.new" "$directory" || exit 1
trap clean_up EXIT
trap 'exit 130' INT TERM HUP
sweep

# A cgroup of its own: without, machines would share one tree, and freeze each other's units.
cgroup=$(findmnt --noheadings --output TARGET --types cgroup2 | head -n 1)
cgroup=$cgroup$(sed -n 's/^0:://p' /proc/self/cgroup)
cgroup=${cgroup%/}/holdfast-machine-$name
echo "$cgroup" >"$directory/cgroup"

cp --sparse=always -- "$image" "$directory/image" || exit 1
mount -o loop,discard "$directory/image" "$directory/root" || exit 1
echo ready

while read -r command arguments; do
  case $command in
  boot | start)
    # shellcheck disable=SC2086 # the kernel's arguments, one word each
    launch $arguments
    if ! find_leader ''; then
      echo "failed: no process, see $directory/console"
    elif [ "$command" = start ]; then
      echo "up $leader starting"
    else
      say_when_up
    fi
    ;;
  again)
    if find_leader "$leader"; then say_when_up; else echo "failed: it did not come back"; fi
    ;;
  esac
done
