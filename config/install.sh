#!/bin/sh
# Called by `meson install`: puts the configuration where there is none. What an administrator has
# changed stays; the new text lies beside it as FILE.new.
set -eu
from=$1
to=${DESTDIR:-}$2

put() {
    mkdir -p "$(dirname "$to/$1")"
    if [ ! -e "$to/$1" ]; then
        install -m 0644 "$from/$1" "$to/$1"
    elif ! cmp -s "$from/$1" "$to/$1"; then
        install -m 0644 "$from/$1" "$to/$1.new"
        echo "kept $to/$1, the new one is $to/$1.new"
    fi
}

put b24bridge.ini
put holidays-ru.txt
# Rules are only brought along with the first installation: a removed one shall not come back.
if [ ! -d "$to/rules.d" ]; then
    mkdir -p "$to/rules.d"
    for rule in "$from"/rules.d/*.ini; do
        [ ! -e "$rule" ] || put "rules.d/$(basename "$rule")"
    done
fi
mkdir -p "$to/secrets"
chmod 0700 "$to/secrets"
