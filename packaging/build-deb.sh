#!/bin/bash
# Builds the Debian packages `holdfast` and `holdfast-cluster` from release binaries.
#
# usage: build-deb.sh [--binaries DIR] [--output DIR]     (defaults: .build/release, build)
#
# No debhelper: what is in the packages, and what their scripts do, is all in this folder.
# The result depends on nothing but its input: names, modes, owners and times are fixed.
set -euo pipefail

top=$(cd "$(dirname "$0")/.." && pwd)
binaries=$top/.build/release
output=$top/build
while [ $# -gt 0 ]; do
  case $1 in
  --binaries) binaries=$2 ;;
  --output) output=$2 ;;
  *)
    echo "usage: $0 [--binaries DIR] [--output DIR]" >&2
    exit 2
    ;;
  esac
  shift 2
done

fail() {
  echo "build-deb: $*" >&2
  exit 1
}

version=$("$top/packaging/version.sh")
architecture=$(dpkg --print-architecture)
if [ -z "${SOURCE_DATE_EPOCH:-}" ]; then
  SOURCE_DATE_EPOCH=$(git -C "$top" log -1 --format=%ct 2>/dev/null ||
    date -d "$(sed -n 's/^ -- .*>  //p' "$top/packaging/changelog" | head -n 1)" +%s)
  export SOURCE_DATE_EPOCH
fi
umask 022
staging=$(mktemp -d)
trap 'rm -rf "$staging"' EXIT

# place MODE SOURCE TARGET: one file into the tree being packed
place() {
  install -D -m "$1" "$2" "$tree$3"
}

# place_program NAME DIRECTORY: stripped
place_program() {
  [ -x "$binaries/$1" ] || fail "$binaries/$1 is missing: make"
  place 0755 "$binaries/$1" "$2/$1"
  strip --strip-all --remove-section=.comment --remove-section=.note "$tree$2/$1"
}

# place_manual FILE…
place_manual() {
  local page
  for page; do
    [ -e "$page" ] || continue
    install -d "$tree/usr/share/man/man${page##*.}"
    gzip -9nc "$page" >"$tree/usr/share/man/man${page##*.}/$(basename "$page").gz"
  done
}

place_documents() {
  place 0644 "$top/packaging/debian/copyright" "/usr/share/doc/$1/copyright"
  sed "1s/^holdfast /$1 /" "$top/packaging/changelog" | gzip -9nc >"$tree/usr/share/doc/$1/changelog.gz"
}

# What the programs of the tree link, as dependencies with their least versions.
shared_libraries() {
  local work=$staging/shlibdeps
  rm -rf "$work"
  install -d "$work/debian"
  printf 'Source: holdfast\n\nPackage: %s\nArchitecture: any\n' "$1" >"$work/debian/control"
  (
    cd "$work"
    find "$tree" -type f -perm -0100 -exec sh -c \
      'for f; do [ "$(head -c 4 "$f" | tail -c 3)" != ELF ] || echo "$f"; done' _ {} + |
      xargs dpkg-shlibdeps -O --ignore-missing-info 2>/dev/null
  ) | sed -n 's/^shlibs:Depends=//p'
}

# pack NAME: control files, then the archive
pack() {
  local name=$1 control=$tree/DEBIAN libraries size script
  libraries=$(shared_libraries "$name")
  [ -n "$libraries" ] || fail "dpkg-shlibdeps finds no libraries for $name"
  size=$(du -sk --apparent-size "$tree" | cut -f1)
  install -d "$control"
  sed "s|@SHLIBS@|$libraries|" "$top/packaging/debian/$name/control" |
    sed "/^Maintainer:/i Version: $version\nArchitecture: $architecture\nInstalled-Size: $size" \
      >"$control/control"
  for script in preinst postinst prerm postrm; do
    [ ! -e "$top/packaging/debian/$name/$script" ] ||
      install -m 0755 "$top/packaging/debian/$name/$script" "$control/$script"
  done
  if [ -d "$tree/etc" ]; then
    (cd "$tree" && find etc -type f | sort | sed 's|^|/|') >"$control/conffiles"
  fi
  (
    cd "$tree"
    find . -type f ! -path './DEBIAN/*' ! -path './etc/*' -printf '%P\0' | sort -z | xargs -0 md5sum
  ) >"$control/md5sums"
  find "$tree" -newermt "@$SOURCE_DATE_EPOCH" -exec touch -hd "@$SOURCE_DATE_EPOCH" {} +
  install -d "$output"
  dpkg-deb --build --root-owner-group -Zxz "$tree" \
    "$output/${name}_${version}_${architecture}.deb"
}

tree=$staging/holdfast
place_program holdfastd /usr/sbin
place_program holdfast /usr/bin
place_program holdfast-prove /usr/libexec/holdfast
place_program holdfast-link /usr/libexec/holdfast
# In a directory of its own, so that attacks on that hit nothing else.
place_program holdfast-canary /usr/libexec/holdfast/canary
place 0644 "$top/systemd/holdfast-canary.song" /usr/libexec/holdfast/canary/song
units=/usr/lib/systemd/system
for unit in holdfastd.service holdfastd.socket holdfast-reconnected.service holdfast-rescue.service \
  holdfast-thaw.path holdfast-thaw.service holdfast-canary.service holdfast-link.service; do
  place 0644 "$top/systemd/$unit" "$units/$unit"
done
place 0755 "$top/systemd/holdfast-generator" /usr/lib/systemd/system-generators/holdfast-generator
place 0755 "$top/systemd/holdfast-rescue" /usr/libexec/holdfast/holdfast-rescue
place 0755 "$top/systemd/holdfast-route-hook" /usr/libexec/holdfast/holdfast-route-hook
place 0644 "$top/systemd/holdfast.tmpfiles" /usr/lib/tmpfiles.d/holdfast.conf
place 0644 "$top/systemd/holdfast.sysusers" /usr/lib/sysusers.d/holdfast.conf
for example in "$top"/systemd/examples/*; do
  place 0755 "$example" "/usr/share/doc/holdfast/examples/$(basename "$example")"
done
install -d "$tree/etc/holdfast/services.d"
while IFS= read -r file; do
  case $file in
  *.example) place 0644 "$top/packaging/etc/$file" "/usr/share/doc/holdfast/$file" ;;
  *) place 0644 "$top/packaging/etc/$file" "/etc/holdfast/$file" ;;
  esac
done < <(cd "$top/packaging/etc" && find . -type f -printf '%P\n' | sort)
place_manual "$top"/packaging/man/holdfast{,d,-unprotect,.conf,-*}.[1-8]
rm -f "$tree"/usr/share/man/man*/holdfast-cluster.*
place_documents holdfast
pack holdfast

tree=$staging/holdfast-cluster
place_program holdfast-cluster /usr/bin
place 0644 "$top/systemd/holdfast-cluster.service" "$units/holdfast-cluster.service"
place 0644 "$top/systemd/holdfast-cluster.sysusers" /usr/lib/sysusers.d/holdfast-cluster.conf
place_manual "$top"/packaging/man/holdfast-cluster.[1-8]
place_documents holdfast-cluster
pack holdfast-cluster
