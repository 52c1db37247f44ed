#!/bin/bash
# Builds the packages that Holdfast is tried on: `example-agent`, which gets protected, and
# `example-neighbour`, which does not, each in the versions 1.0 and 1.1.
#
# usage: build-deb.sh [DIRECTORY]     (default: build)
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
output=${1:-$here/../../build}
umask 022
staging=$(mktemp -d)
trap 'rm -rf "$staging"' EXIT
mkdir -p "$output"

# fill MODE TEMPLATE TARGET
fill() {
  install -D -m "$1" /dev/null "$tree$3"
  sed "s/@NAME@/$name/g; s/@VERSION@/$version/g" "$here/$2" >"$tree$3"
}

for name in example-agent example-neighbour; do
  for version in 1.0 1.1; do
    tree=$staging/$name-$version
    fill 0755 agent.sh "/usr/sbin/$name"
    # Where Debian 12 packages have their units: an alias of /usr/lib.
    fill 0644 agent.service "/lib/systemd/system/$name.service"
    install -D -m 0644 /dev/stdin "$tree/etc/$name/agent.conf" <<<"GREETING='$name is well'"
    fill 0644 control /DEBIAN/control
    for script in postinst prerm postrm; do fill 0755 "$script" "/DEBIAN/$script"; done
    echo "/etc/$name/agent.conf" >"$tree/DEBIAN/conffiles"
    (cd "$tree" && find usr lib -type f -print0 | sort -z | xargs -0 md5sum) >"$tree/DEBIAN/md5sums"
    dpkg-deb --build --root-owner-group "$tree" "$output/${name}_${version}_all.deb" >/dev/null
  done
done
