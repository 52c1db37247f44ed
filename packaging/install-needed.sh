#!/bin/sh
# Installs, with apt, what a step needs and this machine lacks; says so, and goes on.
# Without root it says what to install, and stops.
#
# usage: install-needed.sh build|machine|vm|bench…
#   build     to compile, and to make the packages
#   machine   to boot throw-away machines: for system tests and the demo
#   vm        to boot virtual ones, for those of the tests that take their time
#   bench     to measure, beside what others measure
set -eu

packages=
for step; do
  case $step in
  build) packages="$packages pkg-config libsystemd-dev libsodium-dev libsqlite3-dev binutils dpkg-dev" ;;
  machine) packages="$packages systemd-container mmdebstrap e2fsprogs util-linux iproute2" ;;
  vm) packages="$packages qemu-system-x86 qemu-utils" ;;
  bench) packages="$packages openssl strace" ;;
  *)
    echo "usage: $0 build|machine|vm|bench…" >&2
    exit 2
    ;;
  esac
done

if ! command -v swift >/dev/null 2>&1; then
  echo "Swift 6.3 is needed: https://www.swift.org/install/linux/" >&2
  exit 1
fi
if ! command -v dpkg-query >/dev/null 2>&1; then
  echo "This is not a Debian machine; needed here, under whatever names:$packages" >&2
  exit 0
fi

missing=
for package in $packages; do
  case $(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null) in
  installed) ;;
  *)
    # Another package may stand in for it, as pkgconf does for pkg-config.
    dpkg-query -W -f '${db:Status-Status} ${Provides}\n' 2>/dev/null |
      grep '^installed' | grep -qw -- "$package" || missing="$missing $package"
    ;;
  esac
done
[ -n "$missing" ] || exit 0

if [ "$(id -u)" -ne 0 ]; then
  echo "Missing here; as root: apt-get install$missing" >&2
  exit 1
fi
echo "Installing what is missing:$missing"
export DEBIAN_FRONTEND=noninteractive
# shellcheck disable=SC2086 # one word each
apt-get install -qq -y --no-install-recommends $missing >/dev/null 2>&1 ||
  { apt-get update -qq && apt-get install -qq -y --no-install-recommends $missing >/dev/null; }
