#!/bin/bash
# Prints the path of an ext4 image with a bare Debian on it, ready to boot with systemd; makes it
# first where the cache has none (half a minute, with the network).
#
# usage: image.sh [--suite SUITE] [PACKAGE…]
#
# The cache is /var/cache/holdfast, or $HOLDFAST_CACHE; an image's name is the hash of all that it
# was made from, so an old one is never mistaken for a new one. Never boot it: copy it first.
set -euo pipefail

suite=bookworm
if [ "${1:-}" = --suite ]; then
  suite=$2
  shift 2
fi
recipe=1 # count up whenever this script makes something else from the same packages
packages=(systemd systemd-sysv dbus procps e2fsprogs socat "$@")
include=$(printf '%s\n' "${packages[@]}" | sort -u | paste -sd,)

cache=${HOLDFAST_CACHE:-/var/cache/holdfast}
name=$suite-$(printf '%s %s %s' "$recipe" "$suite" "$include" | sha256sum | cut -c1-16).img
mkdir -p "$cache"
exec 9>"$cache/$name.lock"
flock 9
if [ -s "$cache/$name" ]; then
  echo "$cache/$name"
  exit 0
fi

echo "Making a bare Debian ($suite), once; kept as $cache/$name" >&2
work=$(mktemp -d "$cache/making.XXXXXX")
trap 'rm -rf "$work"' EXIT

# Left out: what a test machine never reads, and timers that would wake up during a test.
cat >"$work/customise" <<'EOF'
set -eu
root=$1
rm -f "$root/etc/dpkg/dpkg.cfg.d/99mmdebstrap"
for unit in apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer \
  e2scrub_reap.service fstrim.timer getty.target getty-static.service console-getty.service \
  systemd-networkd.service systemd-resolved.service; do
  ln -sf /dev/null "$root/etc/systemd/system/$unit"
done
echo machine >"$root/etc/hostname"
printf '127.0.0.1 localhost machine\n' >"$root/etc/hosts"
: >"$root/etc/machine-id"
rm -rf "$root"/var/cache/apt/*.bin "$root"/var/cache/apt/archives/*.deb
EOF
chmod +x "$work/customise"
if ! mmdebstrap --quiet --variant=minbase --include="$include" \
  --dpkgopt='path-exclude=/usr/share/locale/*' --dpkgopt='path-exclude=/usr/share/man/*' \
  --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-include=/usr/share/doc/*/copyright' \
  --customize-hook="$work/customise" "$suite" "$work/root" >"$work/log" 2>&1; then
  cat "$work/log" >&2
  exit 1
fi
truncate -s 1G "$work/image"
# Small inode tables and no journal to copy: the image is copied for every machine.
mkfs.ext4 -q -F -m 1 -N 40000 -J size=8 -E lazy_itable_init=0,nodiscard -d "$work/root" "$work/image"
# What another checkout made and nobody used for a month goes.
find "$cache" -maxdepth 1 -name '*.img' -atime +30 -delete
mv "$work/image" "$cache/$name"
echo "$cache/$name"
