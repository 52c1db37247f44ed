#!/bin/sh
# @NAME@ @VERSION@: an agent that does nothing but show that it lives.
# Writes a line to /run/@NAME@/heartbeat every tenth of a second.
set -eu
if [ "${1:-}" = --version ]; then
  echo "@NAME@ @VERSION@"
  exit 0
fi
# shellcheck source=/dev/null
. /etc/@NAME@/agent.conf
mkdir -p /run/@NAME@
while :; do
  echo "$GREETING" >/run/@NAME@/heartbeat
  sleep 0.1
done
