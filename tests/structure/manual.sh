#!/bin/sh
# The manual pages name every verb and every option of the programs, and are well-formed as far as
# the tools for that are there. The tables of the configuration and of the rules: test config/manual.
#
#   manual.sh SOURCE, with the programs in $B24BRIDGE and $B24SANDBOX
set -eu
cd "$1"
bad=0

names() { # PAGE MACRO WORD: is there such a line?
    grep -qE "^\.It.* $2 $3( |\$)" "$1" || {
        echo "$1 does not name $3"
        bad=1
    }
}

verbs=$("$B24BRIDGE" --help | sed -n 's/^  \([a-z]*\) .*/\1/p')
[ "$(echo "$verbs" | wc -w)" -ge 9 ] || { echo "no verbs in b24bridge --help"; bad=1; }
for verb in $verbs; do
    names man/b24bridge.8 Cm "$verb"
    [ "$verb" != sandbox ] || continue
    for option in $("$B24BRIDGE" "$verb" --help | grep -oE '^ +(-[a-z], )?--[a-z-]+' | grep -oE '[a-z][a-z-]+$'); do
        names man/b24bridge.8 Fl "-$option"
    done
done
for option in $("$B24SANDBOX" --help | grep -oE '^ +--[a-z-]+' | tr -d ' '); do
    names man/b24sandbox.1 Fl "${option#-}"
done
for word in $("$B24SANDBOX" --help | grep -oE '^ +\{"do":"[a-z_]+' | sed 's/.*"//' | sort -u); do
    names man/b24sandbox.1 '(Cm|,)' "$word"
done

for page in man/*.[1-8]; do
    if command -v mandoc >/dev/null; then
        mandoc -T lint -W warning "$page" || bad=1
    fi
    if man --version >/dev/null 2>&1; then
        said=$(LC_ALL=C.UTF-8 MANWIDTH=80 man --warnings=w -l "$page" 2>&1 >/dev/null)
        [ -z "$said" ] || { echo "$page: $said"; bad=1; }
    fi
done
exit $bad
