#!/bin/sh
# The package on a booted Debian 12: `./dev systemtest`.
#
#   systemtest.sh SOURCE [COMMIT]
#
# Two machines. The first gets the package as it is now: installed, started, restarted, reloaded and
# killed under a stream of events, looked at from outside, purged. What it looks at are the promises
# that a system can break (1 to 3, 5, 9 to 12 of the README); the rest is the scenarios'. The second
# gets the package of COMMIT, fills its database, and is upgraded under the stream. COMMIT is the
# last release by default; before the first one, the last state with the first schema. Needs root,
# debootstrap and systemd-nspawn; build-system keeps what is worth keeping between two runs.
set -eu
source=$(cd "$1" && pwd)
commit=${2:-}
here=$source/tests/system
work=$source/build-system
checks=0

# shellcheck source=tests/system/machine.sh
. "$here/machine.sh"

say() {
    printf '%s\n' "== $*"
}

ok() { # WHAT [NUMBERS]
    checks=$((checks + 1))
    printf 'ok %2d  %-62s %s\n' "$checks" "$1" "${2:-}"
}

fail() {
    echo "FAILED: $*" >&2
    if [ -n "$machine_leader" ]; then
        in_machine systemctl --no-pager status 'b24bridge*' >&2 || true
        in_machine journalctl --no-pager -n 60 >&2 || true
    fi
    exit 1
}

is() { # WHAT EXPECTED ACTUAL
    same "$@"
    ok "$1" "$3"
}

same() { # the same without saying so
    [ "$2" = "$3" ] || fail "$1: expected \"$2\", got \"$3\""
}

until_true() { # SECONDS WHAT COMMAND…
    seconds=$1 what=$2
    shift 2
    for _ in $(seq $((seconds * 5))); do
        ! "$@" >/dev/null 2>&1 || return 0
        sleep 0.2
    done
    fail "$what: not within $seconds s"
}

now_ms() {
    date +%s%3N
}

# ---- inside the machine ---------------------------------------------------------------------------

prop() { # PROPERTY [UNIT]
    in_machine systemctl show -p "$1" --value "${2:-b24bridge.service}"
}

admin() { # PATH: from the operator's socket
    in_machine curl -s --unix-socket /run/b24bridge/admin.sock "http://localhost$1"
}

healthy() {
    [ "$(in_machine curl -s -o /dev/null -w '%{http_code}' --unix-socket /run/b24bridge/admin.sock http://localhost/health)" = 200 ]
}

ask_db() {
    in_machine sqlite3 -readonly "file:/var/lib/private/b24bridge/b24bridge.db?mode=ro" "$1"
}

control() { # JSON: to the stand-in portal
    in_machine curl -s -H 'Content-Type: application/json' -d "$1" http://127.0.0.1:8099/control
}

comments() { # how many the stand-in portal has
    control '{"do":"count","method":"crm.timeline.comment.add"}' | tr -dc '0-9'
}

add_deals() { # FROM COUNT: by a person, so that the portal tells of them
    in_machine sh -c "for i in \$(seq $1 $(($1 + $2 - 1))); do
        curl -s -o /dev/null -H 'Content-Type: application/json' -d '{\"do\":\"call\",\"user\":7,
            \"method\":\"crm.item.add\",\"params\":{\"entityTypeId\":2,\"fields\":{\"title\":\"Окна '\$i'\"}}}' \
            http://127.0.0.1:8099/control; done"
}

# A portal on loopback, its two secrets and two rules: one acts at once, one waits.
configure() {
    in_machine systemd-run -q --unit=portal b24sandbox --listen 127.0.0.1:8099 --code systemtest \
        --token systemtest-token-1c5c --member a223c6b3710f85df22e9377d6c4f7553 --rate 0 --quiet
    until_true 10 "the stand-in portal answers" control '{"do":"stats"}'
    control '{"do":"subscribe","event":"ONCRMDEALADD","url":"http://127.0.0.1:8024/hook/main"}' >/dev/null
    in_machine sh -ec 'umask 077
        cd /etc/b24bridge
        echo http://127.0.0.1:8099/rest/1/systemtest/ >secrets/portal-url
        echo systemtest-token-1c5c >secrets/portal-token
        sed -i "s/^plan = standard/plan = self-hosted/" b24bridge.ini
        cat >rules.d/10-test.ini
        chmod 644 rules.d/10-test.ini' <<'EOF'
[rule at-once]
on = deal added

[then comment]
text = сделано: {{deal.title}}

[rule later]
on = deal added

[wait 3 workdays]

[then comment]
text = потом
EOF
    in_machine systemctl start b24bridge
    until_true 20 "healthy" healthy
}

# ---- the stream -----------------------------------------------------------------------------------

SENDERS=4

stream_start() {
    in_machine sh -c 'rm -rf /root/stream && mkdir /root/stream'
    cp "$here/stream.sh" "$root/root/stream.sh"
    senders=
    for n in $(seq $SENDERS); do
        in_machine sh /root/stream.sh "$n" /root/stream &
        senders="$senders $!"
    done
    until_true 20 "the stream flows" sent_more_than 50
}

sent() {
    cat "$root"/root/stream/sent.* 2>/dev/null | wc -l
}

sent_more_than() {
    [ "$(sent)" -gt "$1" ]
}

let_flow() { # EVENTS: so many more
    until_true 60 "$1 more events" sent_more_than $(($(sent) + $1))
}

stream_stop() { # WHAT
    in_machine touch /root/stream/stop
    for sender in $senders; do wait "$sender" || true; done
    cat "$root"/root/stream/sent.* >"$work/sent"
    all=$(wc -l <"$work/sent")
    refused=$(awk '$3 == 7' "$work/sent" | wc -l)
    not_taken=$(awk '$2 != 200' "$work/sent" | wc -l)
    until_true 30 "the daemon is back" healthy
    awk '$2 == 200 {print $1}' "$work/sent" | sort >"$work/taken"
    ask_db "SELECT entity_id FROM event WHERE entity_id >= '5000000' AND length(entity_id) = 7" | sort >"$work/stored"
    lost=$(comm -23 "$work/taken" "$work/stored" | wc -l)
    twice=$(uniq -d "$work/stored" | wc -l)
    numbers="sent $all, refused $refused, not 200 $not_taken, lost $lost, twice $twice"
    [ "$refused$not_taken$lost$twice" = 0000 ] || fail "$1: $numbers"
    ok "$1" "$numbers"
    # The next stream begins with the same ids.
    in_machine systemctl stop b24bridge 2>/dev/null
    in_machine sqlite3 /var/lib/private/b24bridge/b24bridge.db \
        "DELETE FROM event WHERE entity_id >= '5000000' AND length(entity_id) = 7"
    in_machine systemctl start b24bridge
    until_true 20 "healthy" healthy
}

# ---- the first machine ----------------------------------------------------------------------------

install_bare() {
    began=$(now_ms)
    in_machine sh -c 'apt-get install -q -y --no-install-recommends /root/debs/b24bridge_*.deb' \
        >"$work/install.log" 2>&1 || {
        cat "$work/install.log" >&2
        fail "apt-get install"
    }
    took=$(($(now_ms) - began))
    in_machine apt-get install -q -y --no-install-recommends curl sqlite3 procps >>"$work/install.log" 2>&1
    ok "installs on a bare Debian 12" "$took ms"
    is "without a portal nothing runs" inactive "$(prop ActiveState)"
    is "and nothing has failed" "" "$(in_machine systemctl --failed -q --no-legend)"
    is "all three units are enabled" "enabled enabled enabled" \
        "$(in_machine systemctl is-enabled b24bridge.service b24bridge.socket b24bridge-admin.socket | xargs)"
    is "the secrets' folder is root's alone" "700 root root" \
        "$(in_machine stat -c '%a %U %G' /etc/b24bridge/secrets)"
    for page in b24bridge.8 b24sandbox.1 b24bridge.ini.5 b24bridge-rules.7; do
        in_machine dpkg -L b24bridge | grep -q "/$page.gz$" || fail "no manual page $page"
    done
    in_machine dpkg -L b24bridge | grep -q /bash-completion/completions/b24bridge || fail "no completion"
    ok "manual pages and completion are there"
}

starts() {
    began=$(now_ms)
    configure
    ok "two secrets, a rule and \"systemctl start\": healthy" "$(($(now_ms) - began)) ms"
    add_deals 1 20
    until_true 20 "20 effects" has_comments 20
    ok "20 deals of the portal have their 20 comments"
    in_machine b24bridge status >"$work/status" || fail "b24bridge status"
    in_machine b24bridge why deal "$(ask_db 'SELECT entity_id FROM run LIMIT 1')" >"$work/why" || fail "b24bridge why"
    is "20 runs wait for three workdays" 20 "$(ask_db "SELECT count(*) FROM run WHERE state = 2 AND rule = 'later'")"
}

has_comments() {
    [ "$(comments)" = "$1" ]
}

status_of() { # FIELD of /proc/PID/status of the daemon
    in_machine sh -c "sed -n 's/^$1:[[:space:]]*//p' /proc/$(prop MainPID)/status"
}

is_closed() {
    is "no capabilities" 0000000000000000 "$(status_of CapEff)"
    is "no new privileges" 1 "$(status_of NoNewPrivs)"
    is "system calls are filtered" 2 "$(status_of Seccomp)"
    uid=$(status_of Uid | cut -f1)
    [ "$uid" -ge 61184 ] && [ "$uid" -le 65519 ] || fail "uid $uid is no dynamic one"
    ok "a dynamic user" "uid $uid"
    is "the memory ceiling" 536870912 "$(prop MemoryMax)"
    pid=$(prop MainPID)
    for path in / /etc /usr /var /var/lib /etc/b24bridge /run /home; do
        ! in_machine nsenter -t "$pid" -m -- setpriv --reuid "$uid" --regid "$uid" --clear-groups \
            touch "$path/b24bridge-was-here" 2>/dev/null || fail "the daemon can write to $path"
    done
    ok "it can write to its own folder only"
    in_machine nsenter -t "$pid" -m -- setpriv --reuid "$uid" --regid "$uid" --clear-groups \
        touch /var/lib/b24bridge/.written || fail "it cannot write its own folder"
    in_machine rm -f /var/lib/private/b24bridge/.written
    exposure=$(in_machine systemd-analyze security --no-pager b24bridge.service |
        sed -n 's/.*Overall exposure level[^:]*: \([0-9.]*\).*/\1/p')
    awk -v e="$exposure" 'BEGIN { exit !(e != "" && e <= 1.5) }' || fail "systemd-analyze security: $exposure"
    ok "systemd-analyze security: 1.5 at most" "$exposure"
}

keeps_secrets() {
    secrets='systemtest-token-1c5c|rest/1/systemtest'
    for file in /etc/b24bridge/secrets/portal-token /run/credentials/b24bridge.service/portal-token; do
        in_machine test -e "$file" || fail "no $file"
        ! in_machine setpriv --reuid 12345 --regid 12345 --clear-groups cat "$file" >/dev/null 2>&1 ||
            fail "anybody reads $file"
    done
    ok "nobody else reads the secrets"
    ! in_machine journalctl --no-pager -u b24bridge | grep -qE "$secrets" || fail "a secret in the journal"
    ! in_machine ps axeww -o args | grep -v b24sandbox | grep -v grep | grep -qE "$secrets" || fail "a secret in ps"
    ! in_machine sh -c 'cat /var/lib/private/b24bridge/*' | grep -qaE "$secrets" || fail "a secret in the database"
    ok "no secret in the journal, in ps, in the database"
}

post() { # BODY [PATH]: "STATUS SECONDS"
    in_machine curl -s -o /dev/null -w '%{http_code} %{time_total}' -d "$1" "http://127.0.0.1:8024${2:-/hook/main}"
}

answers_well() {
    good='event=ONCRMCONTACTUPDATE&data[FIELDS][ID]=77&ts=1755780000&auth[member_id]=a223c6b3710f85df22e9377d6c4f7553&auth[application_token]=systemtest-token-1c5c'
    answers=
    for case in "200 $good /hook/main" "403 ${good%c} /hook/main" "400 event=%zz /hook/main" \
        "404 $good /hook/nowhere" "404 $good /api/status" "404 $good /health"; do
        # shellcheck disable=SC2086 # three words
        set -- $case
        answer=$(post "$2" "$3")
        same "answer to $case" "$1" "${answer% *}"
        answers="$answers$1 "
    done
    ok "bad input has its answers, and what is not public is not there" "$answers"
    pid=$(in_machine systemctl show -p MainPID --value portal)
    in_machine kill -STOP "$pid"
    answer=$(post "$good")
    in_machine kill -CONT "$pid"
    same "an event while the portal hangs" 200 "${answer% *}"
    awk -v s="${answer#* }" 'BEGIN { exit !(s < 1) }' || fail "an event waited ${answer#* } s for the portal"
    ok "an event does not wait for a portal that hangs" "${answer#* } s"
}

token_becomes() { # TOKEN
    in_machine sh -c "echo $1 >/etc/b24bridge/secrets/portal-token; systemctl restart b24bridge" ||
        fail "systemctl restart"
}

changes_a_secret() {
    token_becomes systemtest-token-next
    same "the new token" 200 "$(post "${good%1c5c}next" | cut -d' ' -f1)"
    same "the old token" 403 "$(post "$good" | cut -d' ' -f1)"
    token_becomes systemtest-token-1c5c
    same "the old token, put back" 200 "$(post "$good" | cut -d' ' -f1)"
    ok "a secret is another one after a restart" "200 403 200"
}

stays_small() {
    peak=$(status_of VmHWM | tr -dc '0-9')
    [ "$peak" -lt $((128 * 1024)) ] || fail "the daemon has grown to $peak KiB"
    ok "memory after the streams" "$((peak / 1024)) MiB at most"
}

restarts_under_load() {
    stream_start
    began=$(comments)
    for i in 1 2 3 4 5; do
        let_flow 200
        add_deals $((100 + i * 10)) 5
        began_ms=$(now_ms)
        in_machine systemctl restart b24bridge || fail "systemctl restart"
        times="${times:-}$(($(now_ms) - began_ms)) "
    done
    let_flow 200
    stream_stop "5 restarts under the stream refuse and lose nothing"
    ok "a restart takes" "$times ms"
    until_true 30 "the effects of 25 deals" has_comments $((began + 25))
    ok "25 deals between the restarts have their 25 comments, once each"
}

reloads_under_load() {
    stream_start
    for _ in 1 2 3 4 5; do
        let_flow 100
        in_machine systemctl reload b24bridge || fail "systemctl reload"
        until_true 10 "active again" is_active
    done
    stream_stop "5 reloads under the stream refuse and lose nothing"
    pid=$(prop MainPID)
    in_machine sed -i 's/^\[rule later\]/[rule later]\nmistake = 1/' /etc/b24bridge/rules.d/10-test.ini
    in_machine systemctl reload b24bridge || true
    until_true 10 "the refusal is logged" journal_has 'unknown key "mistake"'
    until_true 10 "active again" is_active
    is "a wrong configuration is refused, the daemon goes on" "$pid" "$(prop MainPID)"
}

is_active() {
    [ "$(prop ActiveState)" = active ]
}

journal_has() {
    in_machine journalctl --no-pager -u b24bridge | grep -qF "$1"
}

# The mistake of reloads_under_load is still there.
waits_for_a_repair() {
    stream_start
    in_machine systemctl restart b24bridge 2>/dev/null || true
    sleep 8 # several starts fail meanwhile: who posts stands in the socket's queue
    [ "$(prop SubState)" != running ] || fail "a wrong configuration is in service"
    is "a start with a wrong configuration keeps the sockets open" "active active" \
        "$(prop ActiveState b24bridge.socket) $(prop ActiveState b24bridge-admin.socket)"
    in_machine sed -i '/^mistake = 1/d' /etc/b24bridge/rules.d/10-test.ini
    until_true 20 "the daemon comes back by itself" healthy
    let_flow 100
    stream_stop "8 s of a wrong configuration refuse and lose nothing"
}

comes_back_after() { # SIGNAL WHAT
    pid=$(prop MainPID)
    in_machine kill "-$1" "$pid"
    until_true 60 "$2" is_another_than "$pid"
    until_true 20 "healthy" healthy
}

is_another_than() {
    [ "$(prop MainPID)" != 0 ] && [ "$(prop MainPID)" != "$1" ]
}

survives() {
    stream_start
    let_flow 200
    comes_back_after KILL "back after kill -9"
    let_flow 200
    # What was on the wire when it was killed has no answer; an accepted one must be there.
    in_machine touch /root/stream/stop
    for sender in $senders; do wait "$sender" || true; done
    cat "$root"/root/stream/sent.* >"$work/sent"
    refused=$(awk '$3 == 7' "$work/sent" | wc -l)
    awk '$2 == 200 {print $1}' "$work/sent" | sort >"$work/taken"
    ask_db "SELECT DISTINCT entity_id FROM event WHERE length(entity_id) = 7" | sort >"$work/stored"
    lost=$(comm -23 "$work/taken" "$work/stored" | wc -l)
    [ "$refused$lost" = 00 ] || fail "kill -9: refused $refused, lost $lost"
    ok "kill -9 under the stream" "accepted $(wc -l <"$work/taken"), refused $refused, lost $lost"
    in_machine mkdir -p /run/systemd/system/b24bridge.service.d
    in_machine sh -c 'printf "[Service]\nWatchdogSec=2\nTimeoutAbortSec=1\n" >/run/systemd/system/b24bridge.service.d/quick.conf
        systemctl daemon-reload && systemctl restart b24bridge'
    until_true 20 "healthy" healthy
    comes_back_after STOP "the watchdog restarts a daemon that stands still"
    journal_has "Watchdog timeout" || fail "it was not the watchdog"
    ok "the watchdog restarts a daemon that stands still"
    in_machine sh -c 'rm -r /run/systemd/system/b24bridge.service.d; systemctl daemon-reload; systemctl restart b24bridge'
    until_true 20 "healthy" healthy
}

purges() {
    in_machine apt-get purge -q -y b24bridge >"$work/purge.log" 2>&1 || {
        cat "$work/purge.log" >&2
        fail "apt-get purge"
    }
    is "purged: only the rules that people wrote are left" /etc/b24bridge/rules.d/10-test.ini \
        "$(in_machine find / -xdev \( -path /root -o -path /proc -o -path /sys -o -path /var/log -o -path /var/cache/apt \) -prune \
            -o -path '*b24bridge*' -type f -print)"
    is "no unit is left" "" "$(in_machine systemctl list-units --all -q --no-legend 'b24bridge*')"
    ! in_machine curl -s -o /dev/null http://127.0.0.1:8024/ || fail "somebody listens on 8024"
    ok "nobody listens any more"
}

first_machine() {
    say "first machine: the package as it is now"
    root=$work/first
    machine_make "$work/base" "$root" "$work"/new/b24bridge_*.deb
    machine_boot "$root"
    install_bare
    starts
    is_closed
    keeps_secrets
    answers_well
    changes_a_secret
    restarts_under_load
    reloads_under_load
    stays_small
    waits_for_a_repair
    survives
    purges
    machine_stop
}

# ---- the second machine ---------------------------------------------------------------------------

schema_of() { # COMMIT
    git -C "$source" ls-tree "$1" migrations/ | grep '\.sql$' | sort
}

# The last commit with the first of today's schemas: the longest way that an upgrade can have to go.
older_schema() {
    schema_of HEAD >"$work/schema"
    for c in $(git -C "$source" log --format=%H~1 -- migrations); do
        schema_of "$c" >"$work/schema-then" && [ -s "$work/schema-then" ] || break
        [ "$(comm -23 "$work/schema-then" "$work/schema" | wc -l)" != 0 ] || oldest=$c
    done
    git -C "$source" rev-parse "$oldest"
}

old_package() {
    [ -n "$commit" ] || commit=$(git -C "$source" describe --tags --abbrev=0 2>/dev/null) ||
        commit=$(older_schema)
    old=$work/old-source
    rm -rf "$old"
    mkdir -p "$old"
    git -C "$source" archive "$commit" | tar -C "$old" -x
    # A state from before there was a package is packaged as today's.
    [ -d "$old/debian" ] || {
        cp -R "$source/debian" "$old/debian"
        rm -f "$old/systemd/"*.socket "$old/systemd/"*.in "$old/systemd/meson.build"
        cp "$source/systemd/"* "$old/systemd/"
    }
    rm -rf "$work/old"
    sh "$here/package.sh" "$old" "$work/old" "0.0.0~$(git -C "$source" rev-parse --short "$commit")" >/dev/null
    say "previous package: $(git -C "$source" log -n 1 --format='%h %s' "$commit")"
}

schema() {
    ask_db 'PRAGMA user_version'
}

second_machine() {
    say "second machine: an upgrade"
    root=$work/second
    machine_make "$work/base" "$root" "$work"/old/b24bridge_*.deb "$work"/new/b24bridge_*.deb
    machine_boot "$root"
    in_machine sh -c 'apt-get install -q -y --no-install-recommends /root/debs/b24bridge_0.0.0*.deb curl sqlite3 procps' \
        >"$work/install-old.log" 2>&1 || fail "the previous package does not install"
    configure
    add_deals 1 50
    until_true 30 "50 effects" has_comments 50
    was="schema $(schema), events $(ask_db 'SELECT count(*) FROM event'), runs $(ask_db 'SELECT count(*) FROM run')"
    runs=$(ask_db "SELECT id, entity_id, rule, state, due_ms FROM run WHERE state = 2 ORDER BY id")
    is "the previous package has filled its database" 50 "$(printf '%s\n' "$runs" | wc -l)"
    in_machine sed -i 's/^keep = 30 days/keep = 31 days/' /etc/b24bridge/b24bridge.ini
    in_machine rm /etc/b24bridge/holidays-ru.txt
    in_machine sed -i '/^holidays = /d' /etc/b24bridge/b24bridge.ini
    configuration=$(in_machine sha256sum /etc/b24bridge/b24bridge.ini)
    stream_start
    let_flow 200
    in_machine sh -c 'apt-get install -q -y --no-install-recommends -o Dpkg::Options::=--force-confold \
        $(ls /root/debs/b24bridge_*.deb | grep -v /b24bridge_0.0.0)' >"$work/upgrade.log" 2>&1 || {
        cat "$work/upgrade.log" >&2
        fail "the upgrade"
    }
    in_machine dpkg -s b24bridge | grep '^Version' >"$work/version"
    let_flow 200
    same "the waiting runs are the same after the upgrade" "$runs" \
        "$(ask_db "SELECT id, entity_id, rule, state, due_ms FROM run WHERE state = 2 ORDER BY id")"
    ok "50 waiting runs are the same after the upgrade"
    ok "$was" "-> schema $(schema)"
    stream_stop "an upgrade under the stream refuses and loses nothing"
    same "a changed configuration stays" "$configuration" "$(in_machine sha256sum /etc/b24bridge/b24bridge.ini)"
    ok "a changed configuration stays as it is"
    ! in_machine test -e /etc/b24bridge/holidays-ru.txt || fail "a removed configuration file is back"
    ok "a removed configuration file stays removed"
    in_machine b24bridge why deal "$(ask_db 'SELECT entity_id FROM run LIMIT 1')" >"$work/why-old" || fail "why"
    ok "why tells what happened before the upgrade" "$(wc -l <"$work/why-old") lines"
    add_deals 200 10
    until_true 30 "the effects of 10 deals" has_comments 60
    ok "and new deals have their comments"
    purges
    machine_stop
}

# ---------------------------------------------------------------------------------------------------

[ "$(id -u)" = 0 ] || {
    echo "./dev systemtest boots machines: it needs root" >&2
    exit 2
}
mkdir -p "$work"
trap 'machine_stop' EXIT
trap 'exit 130' INT TERM
rm -rf "$work/new"
sh "$here/package.sh" "$source" "$work/new" >/dev/null
machine_base "$work/base"
first_machine
old_package
second_machine
rm -rf "$work/first" "$work/second"
say "$checks checks, all well"
