# shellcheck shell=sh disable=SC2034
# What every attack may use: it runs as root, after this, with `sh`, on the machine under attack.

UNIT=example-agent.service
NAME=example-agent
NEIGHBOUR=example-neighbour.service
PROGRAM=/usr/sbin/example-agent
FRAGMENT=/usr/lib/systemd/system/example-agent.service
SETTINGS=/etc/example-agent/agent.conf
CGROUPS=/sys/fs/cgroup
CGROUP=$CGROUPS$(systemctl show --value -p ControlGroup "$UNIT")
SLICE=$(systemctl show --value -p Slice "$UNIT")
DAEMON=holdfastd.service
DAEMON_CGROUP=$CGROUPS$(systemctl show --value -p ControlGroup "$DAEMON")
STATE=/var/lib/holdfast
CONTROL=/etc/systemd/system.control
INFO=/var/lib/dpkg/info
DEBS=/root/attacks

# pid [UNIT]: its main process
pid() {
  systemctl show --value -p MainPID "${1:-$UNIT}"
}

# unit NAME LINE…: a unit of the attacker's own, known to systemd
unit() {
  file=/run/systemd/system/$1
  shift
  mkdir -p /run/systemd/system && printf '%s\n' "$@" >"$file" && systemctl daemon-reload
}

# dropin DIRECTORY LINE…: a drop-in there, read by systemd
dropin() {
  folder=$1
  shift
  mkdir -p "$folder" && printf '%s\n' "$@" >"$folder/zzz.conf"
  systemctl daemon-reload
}

# oneshot LINE…: starts a unit with these lines in its [Unit] section
oneshot() {
  unit evil.service '[Unit]' "$@" '[Service]' Type=oneshot ExecStart=/bin/true
  systemctl start evil.service
}

# manager METHOD SIGNATURE ARGUMENT…: a call to PID 1
manager() {
  busctl call org.freedesktop.systemd1 /org/freedesktop/systemd1 \
    org.freedesktop.systemd1.Manager "$@"
}

# unlock PATH…: takes the immutable flag off the files and the folders they are in
unlock() {
  for path; do
    chattr -i "$(dirname "$path")" "$path"
  done 2>/dev/null
}

# loop SECONDS COMMAND…: again and again, as fast as it goes. One argument is a script.
loop() {
  end=$(($(date +%s%N) + $1 * 1000000000))
  shift
  while [ "$(date +%s%N)" -lt "$end" ]; do
    if [ $# -eq 1 ]; then eval "$1"; else "$@"; fi
  done
}

# hold COMMAND…: in the background, for longer than the attack
hold() {
  (trap '' HUP && "$@") >/dev/null 2>&1 </dev/null &
  sleep 0.1
}

# absent: this machine has nothing for this attack
absent() {
  exit 77
}

# as USER COMMAND: with a user's rights
as() {
  setpriv --reuid "$1" --regid "$1" --init-groups sh -c "$2"
}

# object METHOD SIGNATURE ARGUMENT…: a call to the unit's own object of PID 1
object() {
  busctl call org.freedesktop.systemd1 \
    /org/freedesktop/systemd1/unit/example_2dagent_2eservice org.freedesktop.systemd1.Unit "$@"
}

# shadow DIRECTORY: another unit of the same name there, read by systemd
shadow() {
  mkdir -p "$1" && printf '[Service]\nExecStart=/bin/sleep 60\n' >"$1/$UNIT"
  systemctl daemon-reload
}

# apart: a program on a file system of its own, whose mounts are not seen elsewhere
apart() {
  mkdir -p /root/apart && mount -t tmpfs none /root/apart && mount --make-private /root/apart
  cp /bin/true /root/apart/true
}

# script PATH TEXT: a shell script
script() {
  mkdir -p "$(dirname "$1")" && printf '#!/bin/sh\n%s\n' "$2" >"$1" && chmod 0755 "$1"
}

# generator TEXT: a generator, systemd.generator(7)
generator() {
  script /etc/systemd/system-generators/evil "$1"
}

# early TEXT: a script that runs in the next boots before everything else
early() {
  script /usr/local/sbin/evil "$1"
  printf '%s\n' '[Unit]' DefaultDependencies=no "Before=sysinit.target $DAEMON holdfastd.socket" \
    '[Service]' Type=oneshot ExecStart=/usr/local/sbin/evil \
    '[Install]' WantedBy=sysinit.target >/etc/systemd/system/evil.service
  systemctl enable evil.service
}

# evil_package FIELD…: makes /root/evil.deb, of the tree /root/evil-deb
evil_package() {
  mkdir -p /root/evil-deb/DEBIAN
  printf '%s\n' 'Package: evil' 'Version: 1' 'Architecture: all' 'Maintainer: E <e@example.com>' \
    "$@" 'Description: evil' >/root/evil-deb/DEBIAN/control
  dpkg-deb --build /root/evil-deb /root/evil.deb
}

# trace WHAT PID SECONDS: ptrace(2), by the number of its request or in some other way
trace() {
  perl -e '
    my ($what, $pid, $seconds) = @ARGV;
    sub ptrace { return syscall 101, @_ }
    if ($what eq "exit-kill") {
      exit 1 if ptrace(0x4206, $pid + 0, 0, 0x100000) < 0;    # SEIZE, EXITKILL
    } elsif ($what eq "poke" || $what eq "close") {
      exit 1 if ptrace(16, $pid + 0, 0, 0) < 0;               # ATTACH
      waitpid $pid, 0x40000000;
      my $registers = "\0" x 216;
      ptrace(12, $pid + 0, 0, $registers);                    # GETREGS
      my @r = unpack "Q27", $registers;
      if ($what eq "poke") {
        ptrace(4, $pid + 0, $r[16], 0);                       # POKETEXT at its instruction pointer
      } else {
        # Its next system call is close(1), whatever it was to be.
        ptrace(5, $pid + 0, $r[19] & ~7, 0);                  # POKEDATA on its stack
      }
      ptrace(17, $pid + 0, 0, 0);                             # DETACH
    } elsif ($what == 16902) {
      exit 1 if ptrace(0x4206, $pid + 0, 0, 0) < 0;           # SEIZE
      ptrace(0x4207, $pid + 0, 0, 0);                         # INTERRUPT
    } else {
      exit 1 if ptrace($what + 0, $pid + 0, 0, 0) < 0;
    }
    sleep $seconds' "$1" "$2" "$3"
}

# scribble file|writev PID: zeros over what the process runs and what it keeps
scribble() {
  perl -e '
    my ($how, $pid) = @ARGV;
    open my $maps, "<", "/proc/$pid/maps" or die;
    my @ranges = map { /^(\w+)-(\w+) (..)/ && $3 eq "rw" ? [hex $1, hex $2] : () } <$maps>;
    my $zeros = "\0" x 65536;
    my $done = 0;
    if ($how eq "file") {
      open my $memory, "+<", "/proc/$pid/mem" or die "mem: $!";
      for (@ranges) {
        sysseek $memory, $_->[0], 0;
        $done += syswrite($memory, $zeros, 65536 < $_->[1] - $_->[0] ? 65536 : $_->[1] - $_->[0]) // 0;
      }
    } else {
      for (@ranges) {
        my $size = 65536 < $_->[1] - $_->[0] ? 65536 : $_->[1] - $_->[0];
        my $local = pack "PQ", $zeros, $size;
        my $remote = pack "QQ", $_->[0], $size;
        my $count = syscall 310 + 1, $pid + 0, $local, 1, $remote, 1, 0;
        $done += $count if $count > 0;
      }
    }
    exit !$done' "$1" "$2"
}

# with_settings COMMANDS: what they do to /etc/holdfast is looked at by the daemon as it runs and
# as it starts, and loosens nothing; then an administrator puts the settings right again
with_settings() {
  cp -a /etc/holdfast /root/kept
  eval "$1"
  timeout 3 holdfast reload
  kill -9 "$(pid "$DAEMON")"
  sleep 1
  systemctl stop "$UNIT"
  rm -rf /etc/holdfast
  cp -a /root/kept /etc/holdfast
  holdfast reload
}
