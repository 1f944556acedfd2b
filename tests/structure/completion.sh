#!/bin/bash
# The completion for bash offers every verb and every option that the programs have.
#
#   completion.sh SOURCE, with the programs in $B24BRIDGE and $B24SANDBOX
set -eu
cd "$1"
# shellcheck source=completions/b24bridge
. completions/b24bridge
folder=$(mktemp -d)
trap 'rm -r "$folder"' EXIT
cp "$B24BRIDGE" "$folder/b24bridge"
cp "$B24SANDBOX" "$folder/b24sandbox"
bad=0

offered() { # PROGRAM WORD…: what is offered for the last word
    COMP_WORDS=("$@")
    COMP_CWORD=$(($# - 1))
    _b24bridge "$1" "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
    printf '%s\n' "${COMPREPLY[@]}"
}

offers() { # EXPECTED PROGRAM WORD…
    local expected=$1
    shift
    offered "$@" | grep -qxF -- "$expected" || {
        echo "\"${*:2}\" is not completed to $expected"
        bad=1
    }
}

program=$folder/b24bridge
verbs=$("$program" --help | sed -n 's/^  \([a-z]*\) .*/\1/p')
[ "$(wc -w <<<"$verbs")" -ge 9 ] || { echo "no verbs in b24bridge --help"; bad=1; }
for verb in $verbs; do
    offers "$verb" "$program" "${verb:0:1}"
    for option in $("$program" "$verb" --help | grep -oE '^ +(-[a-z], )?--[a-z-]+' | grep -oE -- '--[a-z-]+$'); do
        offers "$option" "$program" "$verb" "${option:0:3}"
    done
done
for option in $("$folder/b24sandbox" --help | grep -oE '^ +--[a-z-]+' | tr -d ' '); do
    offers "$option" "$folder/b24sandbox" "${option:0:3}"
done

# What stands behind options and verbs.
mkdir "$folder/rules.d"
printf '[portal main]\n[calendar office]\n' >"$folder/b24bridge.ini"
printf '[rule new-lead]\n[then stop]\n' >"$folder/rules.d/10.ini"
offers parked "$program" queue list --state p
offers new-lead "$program" queue list -c "$folder/b24bridge.ini" --rule n
offers main "$program" why -c "$folder/b24bridge.ini" --portal m
offers office "$program" when -c "$folder/b24bridge.ini" --calendar ''
offers "$folder/b24bridge.ini" "$program" check -c "$folder/b24b"
offers list "$program" queue l
offers retry "$program" queue --json r
offers lead "$program" queue list l
offers deal "$program" why --json d
offers company "$program" timers co
# Words behind a verb that has them below its options, and portals by name.
cat >"$folder/later" <<'EOF'
#!/bin/sh
cat <<'END'
usage: b24bridge queue [OPTION…] WORD …

  -c, --config FILE      the configuration
      --why TEXT         what for

  list [ENTITY ID]          runs
  pause PORTAL | --rule R   nothing is asked
END
EOF
chmod +x "$folder/later"
offers pause "$folder/later" queue p
offers quote "$folder/later" queue list q
offers main "$folder/later" queue -c "$folder/b24bridge.ini" pause m
[ -z "$(offered "$program" check --json nothing)" ] || { echo "check is offered an operand"; bad=1; }
exit $bad
