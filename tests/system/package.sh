#!/bin/sh
# Builds the Debian package: `./dev package`.
#
#   package.sh SOURCE TARGET [VERSION]
#
# SOURCE is a working tree; what git knows of it (or is about to) is copied, so that it stays clean.
# TARGET gets the .deb, and lintian's opinion. VERSION replaces the one of debian/changelog.
set -eu
source=$1 target=$2 version=${3:-}

mkdir -p "$target"
target=$(cd "$target" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
copy=$work/b24bridge
mkdir "$copy"

if [ -e "$source/.git" ]; then
    git -C "$source" ls-files -z --cached --others --exclude-standard |
        (cd "$source" && xargs -0 sh -c 'for f; do [ ! -e "$f" ] || printf "%s\0" "$f"; done' sh) |
        tar -C "$source" --null -T - -c | tar -C "$copy" -x
else # an unpacked archive
    tar -C "$source" --exclude='./build*' -c . | tar -C "$copy" -x
fi
if [ -n "$version" ]; then
    sed -i "1s/(.*)/($version)/" "$copy/debian/changelog"
fi

# `./dev test` is what tests; here the compiler is enough.
(cd "$copy" && DEB_BUILD_OPTIONS="${DEB_BUILD_OPTIONS-nocheck}" dpkg-buildpackage -us -uc -b) \
    >"$work/log" 2>&1 || {
    cat "$work/log" >&2
    exit 1
}
rm -f "$target"/b24bridge*.deb "$target"/b24bridge*.changes "$target"/b24bridge*.buildinfo
mv "$work"/*.deb "$work"/*.changes "$work"/*.buildinfo "$target"
ls "$target"/b24bridge_*.deb
