#!/bin/sh
# Prints the version, once the places that state it agree; else says which does not.
#
# usage: version.sh
set -eu
cd "$(dirname "$0")/.."

version=$(cat VERSION)

# agrees FILE VERSION-THERE
agrees() {
  [ "$2" = "$version" ] || {
    echo "version: $1 says '$2', VERSION $version" >&2
    exit 1
  }
}

swift=Sources/Version/Version.swift
agrees "$swift" "$(sed -n 's/.*holdfastVersion[^"]*"\([^"]*\)".*/\1/p' "$swift")"
agrees packaging/changelog "$(sed -n '1s/.*(\(.*\)).*/\1/p' packaging/changelog)"
echo "$version"
