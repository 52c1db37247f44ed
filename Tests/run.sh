#!/bin/bash
# Runs the tests and says how many passed, failed and were skipped.
#
# usage: run.sh unit|all|attacks|long COMMAND…    COMMAND is `swift test` with its options
#
# The system tests and the attacks run apart from the rest: they boot machines, and would disturb
# what is timed. With CI in the environment, a skipped one is a failure.
set -uo pipefail

what=$1
shift
log=$(mktemp -d)
trap 'rm -rf "$log"' EXIT
export NO_COLOR=1

failed_runs=0
# run NAME OPTION…
run() {
  local name=$1
  shift
  "${command[@]}" "$@" 2>&1 | tee "$log/$name" || failed_runs=$((failed_runs + 1))
}
command=("$@")
fast=(--skip '^SystemTests\.' --skip '^AttackTests\.' --skip '^LongTests\.')
case $what in
unit) run unit "${fast[@]}" ;;
all)
  run unit "${fast[@]}"
  run system --filter '^SystemTests\.'
  run attacks --filter '^AttackTests\.'
  ;;
attacks) run attacks --filter '^AttackTests\.' ;;
long)
  run long --filter '^LongTests\.'
  # The same tests as in every run, which try more when they are told to.
  HOLDFAST_LONG=1 run thorough --filter '^CrashTests\.|MutationTests'
  ;;
esac

# Swift Testing ends each test, parametrised or not, with one of three lines, which start with a
# symbol and end with a time or a reason.
count() {
  cat "$log"/* | grep -cE "$1"
}
passed=$(count '^[^[:alnum:]]*Test .* passed after [0-9.]+ seconds')
failed=$(count '^[^[:alnum:]]*Test .* failed after [0-9.]+ seconds')
skipped=$(count '^[^[:alnum:]]*Test .* skipped')
runs=$(count '^[^[:alnum:]]*Test run with .* (passed|failed) after')
# The closing line of each run looks the same.
good_runs=$(count '^[^[:alnum:]]*Test run with .* passed after')
passed=$((passed - good_runs))
failed=$((failed - (runs - good_runs)))

echo
if [ "$skipped" -gt 0 ]; then
  sed -nE 's/^[^[:alnum:]]*Test .* skipped: *"?([^"]*)"?$/\1/p' "$log"/* | sort | uniq -c |
    sed -E 's/^ *([0-9]+) (.*)/\1 skipped: \2/'
  if [ -n "${CI:-}" ] && [ "$what" != unit ]; then
    echo "A skipped test is a failure here, because CI is set."
    failed=$((failed + skipped))
  fi
fi
# A run that ended before its closing line, such as a crash.
if [ "$failed" -eq 0 ] && [ "$failed_runs" -gt 0 ]; then
  failed=$failed_runs
fi
# Last, so that whoever sees only the end of a long log sees what failed and why.
if [ "$failed" -gt 0 ]; then
  # With what a test says of its failure, which is on the line below.
  cat "$log"/* | awk '/Test run with/ { next }
    /^[^[:alnum:]]*Test .* recorded an issue/ { print; reasons = 3; next }
    /^[^[:alnum:]]*Test .* failed after/ || /^[^[:alnum:]]*(error|Fatal error)/ { print }
    /^↳/ && reasons-- > 0 { print; next }
    { reasons = 0 }' | cut -c1-1000
fi
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
