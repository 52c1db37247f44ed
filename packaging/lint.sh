#!/bin/bash
# Formatting, shell scripts, manual pages and units, each where its tool is installed.
#
# usage: lint.sh [SWIFT]    Exit status 1 where anything is found.
set -uo pipefail

cd "$(dirname "$0")/.." || exit 1
swift=${1:-swift}
found=0

# check TOOL COMMAND…
check() {
  local tool=$1
  shift
  if ! command -v "$tool" >/dev/null 2>&1; then
    echo "lint: no $tool here, skipped"
  elif "$@"; then
    echo "lint: $tool has nothing to say"
  else
    found=1
  fi
}

mapfile -t scripts < <(
  grep -rlE '^#!/bin/(ba)?sh' .ci Tests packaging systemd demo --include='*' 2>/dev/null | sort
)
mapfile -t pages < <(find packaging/man -name '*.[1-8]' | sort)

check "$swift" "$swift" format lint --strict --parallel --recursive Package.swift Sources Tests
check shellcheck shellcheck -x "${scripts[@]}"
[ ${#pages[@]} -eq 0 ] || check mandoc mandoc -T lint -W warning "${pages[@]}"
version=$(packaging/version.sh) || found=1
suffix=${version}_$(dpkg --print-architecture 2>/dev/null).deb
if [ -f "build/holdfast_$suffix" ]; then
  check lintian lintian --allow-root --fail-on error,warning --tag-display-limit 0 \
    --suppress-tags-from-file packaging/debian/lintian-accepted \
    "build/holdfast_$suffix" "build/holdfast-cluster_$suffix"
fi
exit "$found"
