#!/bin/bash
# Holds one throw-away virtual machine with a kernel and clocks of its own: QEMU without acceleration,
# on a private copy of an ext4 image that has a kernel on it (image.sh … linux-image-cloud-amd64
# initramfs-tools). Needs root, to look into the image.
#
# usage: vm.sh IMAGE DIRECTORY
#
# DIRECTORY must not exist yet; the machine lives in it, what it prints on its console is in
# DIRECTORY/console. Says `ready` when its disk is there, and then takes commands from standard
# input, a line each:
#   boot [QEMU-OPTION…]  boots; says `up` once it takes scripts (vm-run.sh), or `failed WHY`
#   again                waits for a reboot that the machine itself began; says the same
#   cut                  cuts its power
# Whenever the machine ends, by itself or not, it says `off`; its disk, DIRECTORY/image, stays for the
# next `boot`. As with a disk that has a cache, what the machine wrote and did not flush is lost when
# the power is cut.
#
# At the end of its input, which also comes when whoever started this dies, everything is killed and
# deleted.
set -uo pipefail

image=$1
directory=$2
here=$(dirname "$0")
# Without acceleration, on a busy machine.
boot_seconds=900
emulator=

cut_power() {
  [ -z "$emulator" ] || kill -9 "$emulator" 2>/dev/null
}

clean_up() {
  trap - EXIT
  cut_power
  wait 2>/dev/null
  if mountpoint -q "$directory/root"; then umount --lazy "$directory/root"; fi
  rm -rf -- "$directory"
}

mkdir -p "$directory/root" || exit 1
trap clean_up EXIT
trap 'exit 130' INT TERM HUP
cp --sparse=always -- "$image" "$directory/image" || exit 1

# What it boots, and what takes scripts on its second serial port: each a line with a number and the
# script in base64, answered with the number, the exit status and the output in base64. Its own lines
# begin with "=", because the port gives back whatever came before it is there.
mount -o loop "$directory/image" "$directory/root" || exit 1
cp "$directory"/root/boot/vmlinuz-* "$directory/kernel" &&
  cp "$directory"/root/boot/initrd.img-* "$directory/initrd" || exit 1
cat >"$directory/root/usr/local/sbin/take-scripts" <<'END'
#!/bin/bash
exec </dev/ttyS1 >/dev/ttyS1 2>/dev/null
stty raw -echo
echo "= ready"
while IFS=' ' read -r number script; do
  output=$(base64 -d <<<"$script" | env HOME=/root LC_ALL=C.UTF-8 TERM=dumb sh 2>&1)
  status=$?
  printf '= %s %s %s\n' "$number" "$status" "$(base64 -w 0 <<<"$output")"
done
END
chmod 0755 "$directory/root/usr/local/sbin/take-scripts"
cat >"$directory/root/etc/systemd/system/take-scripts.service" <<'END'
[Service]
ExecStart=/usr/local/sbin/take-scripts
Restart=always
RestartSec=0
[Install]
WantedBy=multi-user.target
END
mkdir -p "$directory/root/etc/systemd/system/multi-user.target.wants"
ln -sf ../take-scripts.service "$directory/root/etc/systemd/system/multi-user.target.wants/"
umount "$directory/root" || exit 1
echo ready

launch() {
  # What is written since it came up goes here. QCOW2 keeps in memory where a new block is until the
  # machine flushes, so blocks that never were end with the emulator. `unsafe` is only that nothing
  # waits for the disk of this machine, whose power nobody cuts.
  qemu-img create -q -f qcow2 -b image -F raw -o cluster_size=4k "$directory/written" || return
  rm -f "$directory"/scripts.in "$directory"/scripts.out
  mkfifo "$directory/scripts.in" "$directory/scripts.out"
  qemu-system-x86_64 -accel tcg,thread=multi -cpu max -m 512 -smp 1 -display none -nodefaults \
    -kernel "$directory/kernel" -initrd "$directory/initrd" \
    -append "console=ttyS0 root=/dev/vda rw panic=-1 systemd.show_status=0" \
    -drive "file=$directory/written,if=virtio,format=qcow2,cache=unsafe" \
    -serial "file:$directory/console" -serial "pipe:$directory/scripts" "$@" \
    </dev/null >>"$directory/emulator" 2>&1 &
  emulator=$!
  {
    while kill -0 "$emulator" 2>/dev/null; do sleep 0.1; done
    qemu-img commit -q "$directory/written" >>"$directory/emulator" 2>&1 && echo off
  } &
}

# Until all has started, be it well or not. Asking again and again, because `is-system-running --wait`
# may miss the one signal that it waits for.
# shellcheck disable=SC2016 # for the machine to expand
settled='while :; do
  case $(systemctl is-system-running) in
  running | degraded | maintenance) exit 0 ;;
  esac
  sleep 0.5
done'

# Waits until it takes scripts, and has started all it wants to start.
say_when_up() {
  local line end=$((SECONDS + boot_seconds))
  exec 6<>"$directory/scripts.out"
  while [ "$SECONDS" -lt "$end" ]; do
    if ! kill -0 "$emulator" 2>/dev/null; then
      echo "failed: it ended, see $directory/emulator"
      return
    fi
    IFS= read -r -t 1 -u 6 line || continue
    [ "$line" = "= ready" ] || continue
    exec 6<&-
    if "$here/vm-run.sh" "$directory" $((end - SECONDS)) <<<"$settled" >/dev/null; then
      echo up
      return
    fi
  done
  echo "failed: no answer in $boot_seconds s, see $directory/console"
}

while read -r command arguments; do
  case $command in
  boot)
    # shellcheck disable=SC2086 # options, one word each
    launch $arguments
    say_when_up
    ;;
  again) say_when_up ;;
  cut) cut_power ;;
  esac
done
