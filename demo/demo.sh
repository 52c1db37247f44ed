#!/bin/bash
# Plays Holdfast's story on throw-away machines, with its real output. On one without a network a
# small agent is protected, everybody is refused, a token lets an operator in, and the host protects
# itself again. Then a cluster enrols two hosts, one of them is cut off and opened all the same, and
# is protected again when it is back. Ends with a table of what was tried and what happened; exit
# status 1 where anything went otherwise. Nothing of it is left afterwards, also not after Ctrl-C.
# Needs root.
#
# usage: demo.sh     (`make demo` builds first)
set -uo pipefail

top=$(cd "$(dirname "$0")/.." && pwd)
version=$(cat "$top/VERSION")
architecture=$(dpkg --print-architecture)
work=
# Of each machine: who holds it, the way to it and back, and its first process. `on` picks one.
declare -A holders=() inputs=() outputs=() leaders=()
leader=
rows=()
wrong=0

if [ -t 1 ] && [ -z "${NO_COLOR:-}" ]; then
  bold=$'\e[1m' dim=$'\e[2m' good=$'\e[32m' bad=$'\e[31m' plain=$'\e[0m'
else
  bold='' dim='' good='' bad='' plain=''
fi

# MARK: Machines

# The end of a holder's input takes its machine down; see Tests/machines/machine.sh.
clean_up() {
  local name input
  trap - EXIT INT TERM HUP
  for name in "${!holders[@]}"; do
    input=${inputs[$name]}
    exec {input}>&-
  done
  wait 2>/dev/null
  [ -z "$work" ] || rm -rf -- "$work"
}

give_up() {
  echo "demo: $*" >&2
  exit 1
}

# on NAME: what follows happens on that machine
on() {
  leader=${leaders[$1]:-}
  to_machine=${inputs[$1]}
  from_machine=${outputs[$1]}
}

# answer WORD: waits for a line of the machine's holder that starts with WORD, and sets $words to it
answer() {
  local line
  while IFS= read -r -t 120 line <&"$from_machine"; do
    read -ra words <<<"$line"
    case ${words[0]} in
    "$1") return 0 ;;
    failed*) give_up "the machine does not boot: $line" ;;
    esac
  done
  give_up "the machine is gone"
}

# boot NAME
boot() {
  local image input output
  image=$("$top/Tests/machines/image.sh" libsodium23 libsqlite3-0 libsystemd0 libstdc++6) ||
    give_up "there is no image to boot"
  mkfifo "$work/$1.to" "$work/$1.from"
  setsid "$top/Tests/machines/machine.sh" "$image" \
    "${TMPDIR:-/tmp}/holdfast-machines/demo$$-$1" <"$work/$1.to" >"$work/$1.from" 2>"$work/$1.log" &
  holders[$1]=$!
  exec {input}>"$work/$1.to" {output}<"$work/$1.from"
  inputs[$1]=$input outputs[$1]=$output
  on "$1"
  echo boot >&"$to_machine"
  answer up
  leaders[$1]=${words[1]}
  on "$1"
}

# network NAME COMMAND…: runs a command of this host in the network of that machine
network() {
  nsenter --target "${leaders[$1]}" --net "${@:2}"
}

# wire HOST NUMBER: a cable from the cluster to HOST, with an address at each end
wire() {
  ip link add "to-$1" netns "${leaders[cluster]}" type veth peer name uplink \
    netns "${leaders[$1]}" || give_up "there is no cable to $1"
  network cluster ip address add "10.77.$2.1/24" dev "to-$1"
  network cluster ip link set "to-$1" up
  network "$1" ip address add "10.77.$2.2/24" dev uplink
  network "$1" ip link set uplink up
  inside sh -c "echo 10.77.$2.1 cluster >>/etc/hosts"
}

# inside COMMAND…: as root in the machine
inside() {
  timeout --foreground 60 nsenter --target "$leader" --all env -i \
    PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root TERM=dumb LC_ALL=C.UTF-8 \
    DEBIAN_FRONTEND=noninteractive APT_CONFIG=/root/apt.conf "$@"
}

# bring PACKAGE…: files of packages to /root
bring() {
  local file
  inside sh -c 'echo "quiet \"2\"; Dpkg::Use-Pty \"0\"; APT::Get::Assume-Yes \"1\";" >/root/apt.conf'
  for file; do inside sh -c "cat >/root/$file.deb" <"$top/build/$file.deb"; done
}

# MARK: Telling the story

scene() {
  printf '\n%s%s%s\n' "$bold" "$*" "$plain"
}

# play COMMAND: shows it and what it prints; sets $status and $output. Its input is ours.
play() {
  printf '  # %s\n' "$1"
  output=$(inside sh -c "$1" 2>&1)
  status=$?
  [ -z "$output" ] || sed "s/^/    $dim/; s/\$/$plain/" <<<"$output"
}

# note RIGHT-OR-WRONG TRIED HAPPENED: a row of the table
note() {
  rows+=("$1"$'\t'"$2"$'\t'"$3")
  if [ "$1" = right ]; then
    printf '    %s→ %s%s\n' "$good" "$3" "$plain"
  else
    wrong=$((wrong + 1))
    printf '    %s→ not as it should be: %s%s\n' "$bad" "$3" "$plain"
  fi
}

main_process() {
  inside systemctl show --value --property MainPID "$1"
}

milliseconds() {
  echo $(($(date +%s%N) / 1000000))
}

# know_whole: keeps what `is_whole` compares the agent on this machine with
know_whole() {
  inside sh -c 'cp -p /usr/sbin/example-agent /root/example-agent.as-installed
    cat >/root/is-whole && chmod +x /root/is-whole' <<'EOF'
#!/bin/sh
state=$(systemctl show --property ActiveState --property UnitFileState --property MainPID "$1")
case $state in
*ActiveState=active*UnitFileState=enabled*) ;;
*) exit 1 ;;
esac
pid=${state#MainPID=}
case $(ps -o stat= -p "${pid%%[!0-9]*}") in
'' | T* | t* | Z*) exit 1 ;;
esac
cmp -s /usr/sbin/example-agent /root/example-agent.as-installed
EOF
}

# Succeeds when UNIT runs, is not stopped by a signal, and would start at the next boot.
is_whole() {
  inside /root/is-whole "$1"
}

# refused UNIT COMMAND: it fails, and nothing happened to UNIT
refused() {
  local before
  before=$(main_process "$1")
  play "$2"
  if [ "$status" -ne 0 ] && is_whole "$1" && [ "$(main_process "$1")" = "$before" ]; then
    note right "$2" "refused"
  else
    note wrong "$2" "exit status $status, $(inside systemctl is-active "$1")"
  fi
}

# withstood UNIT COMMAND: whatever it says, within a second UNIT is as it was
withstood() {
  local start took
  start=$(milliseconds)
  play "$2"
  # A signal is sent, not yet taken, when kill is done.
  sleep 0.1
  while ! is_whole "$1"; do
    if [ $(($(milliseconds) - start)) -gt 1500 ]; then
      note wrong "$2" "still $(inside systemctl is-active "$1") after a second"
      return
    fi
  done
  took=$(($(milliseconds) - start))
  # systemctl says what it changed before it was refused the rest: that was put right again.
  case $status/$output in
  0/* | *"Created symlink"* | *'Removed "'*) note right "$2" "healed within $took ms" ;;
  *) note right "$2" "refused" ;;
  esac
}

# works COMMAND
works() {
  play "$1"
  if [ "$status" -eq 0 ]; then note right "$1" "${2:-done}"; else note wrong "$1" "exit status $status"; fi
}

# connected HOST: its link stands
connected() {
  local start
  start=$(milliseconds)
  until inside holdfast status --json 2>/dev/null | grep -q '"link":"connected"' ||
    [ $(($(milliseconds) - start)) -gt 30000 ]; do sleep 0.1; done
  if inside holdfast status --json | grep -q '"link":"connected"'; then
    note right "$1 and its cluster" "connected"
  else
    note wrong "$1 and its cluster" "not connected"
  fi
}

# state IS: the host is in that state
state_is() {
  local state
  state=$(inside holdfast status --json | sed -n 's/^{"ok":true,"state":"\([a-z]*\)".*/\1/p')
  if [ "$state" = "$1" ]; then
    note right "$2" "$1"
  else
    note wrong "$2" "${state:-no answer}"
  fi
}

# token_refused WHAT CODE FILE
token_refused() {
  local code
  play "holdfast unprotect -" <"$3"
  code=$(inside holdfast check --json - <"$3" 2>/dev/null | sed -n 's/.*"code":"\([a-z_]*\)".*/\1/p')
  if [ "$status" -eq 1 ] && [ "$code" = "$2" ]; then
    note right "a token that is $1" "refused: $code"
  else
    note wrong "a token that is $1" "exit status $status, ${code:-no code}"
  fi
}

# MARK: The story

[ "$(id -u)" -eq 0 ] || give_up "booting a machine needs root"
for name in holdfast holdfast-cluster; do
  [ -f "$top/build/${name}_${version}_${architecture}.deb" ] || give_up "make deb comes first"
done
work=$(mktemp -d)
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
started=$(milliseconds)

scene "A machine: Debian with systemd, nothing on it yet"
boot web-03
play "systemctl is-system-running; uname -sr; systemctl --version | head -n 1"

scene "Holdfast, and an agent that deserves protection"
bring "holdfast_${version}_${architecture}" example-agent_1.0_all example-neighbour_1.0_all
play "apt-get install /root/holdfast_${version}_${architecture}.deb"
inside sh -c 'apt-get install /root/example-*.deb >/dev/null 2>&1'
know_whole

scene "A cluster's issuer, on the operator's desk (not in the machine)"
dpkg-deb -x "$top/build/holdfast-cluster_${version}_${architecture}.deb" "$work/desk"
issuer() {
  "$work/desk/usr/bin/holdfast-cluster" "$@"
}
# issue FILE OPTION…
issue() {
  local file=$work/$1
  shift
  issuer token issue --dir "$work/issuer" --subject ana@example.com "$@" >"$file" 2>"$work/said" ||
    { cat "$work/said" >&2; give_up "no token"; }
}
issuer init --dir "$work/issuer" --cluster eu-prod >"$work/said" 2>&1 ||
  { cat "$work/said" >&2; give_up "no issuer"; }
issuer root export --dir "$work/issuer" >"$work/eu-prod.root" 2>/dev/null
issuer bundle export --dir "$work/issuer" >"$work/eu-prod.bundle" 2>/dev/null
issue expired --scope tenant --tenant retail --lifetime 1s
issue elsewhere --scope tenant --tenant wholesale
issue good --scope tenant --tenant retail
# Forged: what the good one says, under the signature of another.
echo "$(cut -d. -f1,2 <"$work/good").$(cut -d. -f3 <"$work/elsewhere")" >"$work/forged"
sed 's/^/    /' "$work/said"
for file in root bundle; do inside sh -c "cat >/root/eu-prod.$file" <"$work/eu-prod.$file"; done

scene "Enrolled, and one line for each service"
works "holdfast enroll --bundle /root/eu-prod.bundle --root /root/eu-prod.root --tenant retail --agent web-03"
works "holdfast guard add example-agent"
play "holdfast status"
state_is protected "enroll and guard"

scene "A colleague in a hurry, or malware, as root"
refused example-agent "systemctl stop example-agent"
refused example-agent "systemctl restart example-agent"
withstood example-agent "systemctl mask --now example-agent"
withstood example-agent "systemctl disable --now example-agent"
withstood example-agent "kill -9 \$(systemctl show --value -p MainPID example-agent)"
withstood example-agent "kill -STOP \$(systemctl show --value -p MainPID example-agent)"
refused example-agent "rm -f /usr/sbin/example-agent"
refused example-agent "apt-get remove example-agent"
refused example-agent "dpkg --purge --force-all example-agent"
refused holdfastd "systemctl stop holdfastd"
withstood holdfastd "kill -9 \$(systemctl show --value -p MainPID holdfastd)"
refused holdfastd "apt-get remove holdfast"

scene "Everything else on the host goes on"
works "systemctl restart example-neighbour"
works "apt-get remove example-neighbour"

scene "Tokens that open nothing"
token_refused expired expired "$work/expired"
token_refused "for another tenant" wrong_tenant "$work/elsewhere"
token_refused forged bad_signature "$work/forged"
state_is protected "after them, the host"

scene "The operator, with a token that is good"
play "holdfast unprotect -" <"$work/good"
if [ "$status" -eq 0 ]; then
  note right "a good token" "unprotected"
else
  note wrong "a good token" "exit status $status"
fi
works "systemctl stop example-agent"
play "systemctl is-active example-agent"
if [ "$output" = inactive ]; then
  note right "the agent, then" "stopped, and stays so"
else
  note wrong "the agent, then" "$output"
fi

scene "The host is connected again"
works "systemctl start holdfast-reconnected.service"
state_is protected "reconnected, the host"
start=$(milliseconds)
until is_whole example-agent || [ $(($(milliseconds) - start)) -gt 1500 ]; do :; done
play "systemctl is-active example-agent"
if [ "$output" = active ]; then
  note right "the agent" "running again"
else
  note wrong "the agent" "$output"
fi
refused example-agent "systemctl stop example-agent"
token_refused "used before" already_used "$work/good"
play "holdfast log"

scene "And a shutdown is a shutdown"
start=$(milliseconds)
# systemd(1): SIGRTMIN+4 is the power button.
kill -s RTMIN+4 "$leader"
answer off
took=$(($(milliseconds) - start))
if [ "$took" -lt 10000 ]; then
  note right "power off" "off in $took ms"
else
  note wrong "power off" "took $took ms"
fi

scene "A cluster, on a machine of its own: no configuration"
boot cluster
inside hostname cluster
bring "holdfast-cluster_${version}_${architecture}"
works "apt-get install /root/holdfast-cluster_${version}_${architecture}.deb"
works "systemctl start holdfast-cluster"
play "cat /var/lib/holdfast-cluster/first-login"
password=$(sed -n 's/^ *password *//p' <<<"$output")
fingerprint=$(grep -E '^ *[A-Za-z0-9_-]{43}$' <<<"$output" | tr -d ' ')
play "holdfast-cluster login --cluster https://localhost:8443 --fingerprint $fingerprint --password-file - admin" <<<"$password"
if [ "$status" -eq 0 ]; then note right "the first login" "done"; else note wrong "the first login" "exit status $status"; fi
works "holdfast-cluster tenants create retail"
works "holdfast-cluster registration-tokens create --tenant retail --uses 2 --yes >/root/registration"
registration=$(inside cat /root/registration)

for host in web-04 web-05; do
  scene "$host enrols over the network, and guards its agent"
  boot "$host"
  inside hostname "$host"
  wire "$host" "${host#web-0}"
  bring "holdfast_${version}_${architecture}" example-agent_1.0_all
  inside sh -c 'apt-get install /root/*.deb >/dev/null 2>&1'
  know_whole
  play "holdfast enroll --cluster https://cluster:8443 --token - --agent $host" <<<"$registration"
  if [ "$status" -eq 0 ]; then note right "$host enrols" "done"; else note wrong "$host enrols" "exit status $status"; fi
  works "holdfast guard add example-agent"
  connected "$host"
done
on cluster
start=$(milliseconds)
until [ "$(inside holdfast-cluster agents list 2>/dev/null | grep -c ' protected ')" -eq 2 ] ||
  [ $(($(milliseconds) - start)) -gt 30000 ]; do sleep 0.2; done
play "holdfast-cluster agents list"

scene "The cable of web-05 is cut, and an operator needs to get in"
network cluster ip link set to-web-05 down
play "holdfast-cluster tokens issue --scope agent --agent web-05 --output /root/token.txt"
inside cat /root/token.txt >"$work/cut-off"
on web-05
play "holdfast unprotect -" <"$work/cut-off"
if [ "$status" -eq 0 ]; then note right "a token, with no network" "unprotected"; else note wrong "a token, with no network" "exit status $status"; fi
works "systemctl stop example-agent"
state_is unprotected "cut off, the host"

scene "The link notices that it is cut off, and the cable is back"
start=$(milliseconds)
until inside holdfast status --json 2>/dev/null | grep -q '"link":"disconnected"' ||
  [ $(($(milliseconds) - start)) -gt 120000 ]; do sleep 0.5; done
network cluster ip link set to-web-05 up
start=$(milliseconds)
until inside holdfast status --json 2>/dev/null | grep -q '"state":"protected"' ||
  [ $(($(milliseconds) - start)) -gt 120000 ]; do sleep 0.2; done
state_is protected "connected again, the host"
withstood example-agent "systemctl kill example-agent"
on cluster
until inside holdfast-cluster agents log web-05 2>/dev/null | grep -q unprotect ||
  [ $(($(milliseconds) - start)) -gt 150000 ]; do sleep 0.5; done
play "holdfast-cluster agents log web-05 | tail -n 8"
if grep -q unprotect <<<"$output"; then
  note right "the cluster knows who opened it" "recorded"
else
  note wrong "the cluster knows who opened it" "no record"
fi
play "holdfast-cluster tokens list"

scene "What was tried, and what happened"
for row in "${rows[@]}"; do
  IFS=$'\t' read -r verdict tried happened <<<"$row"
  colour=$good
  [ "$verdict" = right ] || colour=$bad happened="WRONG: $happened"
  [ ${#tried} -le 62 ] || tried=${tried:0:61}…
  # Padded here: printf counts bytes, not characters.
  printf '  %s%*s %s%s%s\n' "$tried" $((62 - ${#tried})) '' "$colour" "$happened" "$plain"
done
seconds=$((($(milliseconds) - started) / 1000))
if [ "$wrong" -eq 0 ]; then
  printf '\n%s of %s as it should be, in %s s.\n' "${#rows[@]}" "${#rows[@]}" "$seconds"
else
  printf '\n%s of %s not as it should be.\n' "$wrong" "${#rows[@]}"
  exit 1
fi
