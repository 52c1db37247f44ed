#!/bin/bash
# @NAME@ @VERSION@: an agent that does nothing but show that it lives.
#
# A hundred times a second it writes to /run/@NAME@/heartbeat, and appends a line to
# /run/@NAME@/beats where somebody made that file: its process id and the time in microseconds.
# One process with no children: how long it takes to come back is systemd's time, not its own.
set -u
if [ "${1:-}" = --version ]; then
  echo "@NAME@ @VERSION@"
  exit 0
fi
# shellcheck source=/dev/null
. /etc/@NAME@/agent.conf
run=/run/@NAME@
[ -p $run/never ] || { mkdir -p $run && mkfifo $run/never; } || exit 1
# Nobody writes to it: to wait for that is to sleep without a child.
exec 3<>$run/never
while :; do
  { echo "$GREETING" >$run/heartbeat; } 2>/dev/null
  if [ -f $run/beats ]; then { echo "$$ ${EPOCHREALTIME/[.,]/}" >>$run/beats; } 2>/dev/null; fi
  read -rt 0.01 -u 3 _
done
