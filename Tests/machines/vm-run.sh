#!/bin/bash
# Runs the script on standard input in a virtual machine held by vm.sh, prints what it printed, and ends
# with its exit status; with 124 where there was no answer in time.
#
# usage: vm-run.sh DIRECTORY SECONDS
set -uo pipefail

directory=$1
seconds=$2
number=$$-$RANDOM
script=$(base64 -w 0)
# For reading and writing, so that neither end waits for the other, nor sees it go.
exec 5<>"$directory/scripts.in" 6<>"$directory/scripts.out" 9>"$directory/scripts.lock"
flock 9
printf '\n%s %s\n' "$number" "$script" >&5
end=$((SECONDS + seconds))
while [ "$SECONDS" -le "$end" ]; do
  IFS=' ' read -r -t $((end - SECONDS + 1)) -u 6 mark answered status output || continue
  # Whatever is not an answer to this is one to somebody who gave up waiting.
  [ "$mark $answered" = "= $number" ] || continue
  base64 -d <<<"$output"
  exit "$status"
done
exit 124
