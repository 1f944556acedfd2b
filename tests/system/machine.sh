# shellcheck shell=sh
# A minimal Debian 12 that boots, for systemtest.sh (which sources this): debootstrap makes it once,
# every machine is a copy of it in a namespace of its own, with no network but its loopback.

MIRROR=${MIRROR:-http://deb.debian.org/debian}
machine_leader=
machine_process=

# FOLDER: the base that machines are copies of. What the tests themselves use waits in its package
# cache, with all that b24bridge depends on: a machine has no network.
machine_base() {
    base=$1
    [ ! -e "$base/.complete" ] || return 0
    say "making a minimal Debian 12 in $base"
    rm -rf "$base"
    debootstrap --variant=minbase --include=systemd-sysv,dbus bookworm "$base" "$MIRROR" \
        >"$base.log" 2>&1 || {
        tail -5 "$base.log" >&2
        return 1
    }
    touch "$base/.complete"
}

# BASE ROOT DEB…: a new machine's files; what these packages need is fetched, and not installed.
machine_make() {
    base=$1 root=$2
    shift 2
    rm -rf "$root"
    cp -a "$base" "$root"
    mkdir -p "$root/root/debs"
    cp "$@" "$root/root/debs/"
    cp /etc/resolv.conf "$root/etc/resolv.conf"
    chroot "$root" sh -c 'apt-get update -q && apt-get install -q -y --no-install-recommends \
        --download-only curl sqlite3 procps $(ls /root/debs/*.deb | tail -n 1)' >"$root.log" 2>&1 || {
        tail -5 "$root.log" >&2
        return 1
    }
    : >"$root/etc/resolv.conf"
}

# ROOT: boots it and waits until it has come up.
machine_boot() {
    root=$1
    # Where no systemd is in charge, nobody is there to register machines with.
    alone=
    [ -d /run/systemd/system ] || alone='--register=no --keep-unit'
    # shellcheck disable=SC2086 # two words
    systemd-nspawn -q -b $alone --private-network --console=pipe -M "b24bridge-test-$$" -D "$root" \
        </dev/null >"$root.console" 2>&1 &
    machine_process=$!
    for _ in $(seq 100); do
        machine_leader=$(pgrep -P "$machine_process" | head -n 1)
        [ -z "$machine_leader" ] || ! machine_has_systemd || break
        sleep 0.1
    done
    up=$(in_machine systemctl is-system-running --wait || true)
    case $up in
    running | degraded) ;;
    *)
        echo "the machine does not boot: $up" >&2
        cat "$root.console" >&2
        return 1
        ;;
    esac
}

machine_has_systemd() {
    nsenter -t "$machine_leader" -m test -S /run/systemd/private 2>/dev/null
}

in_machine() {
    nsenter -t "$machine_leader" -m -u -i -n -p -r -w -- \
        env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 HOME=/root DEBIAN_FRONTEND=noninteractive "$@"
}

machine_stop() {
    [ -n "$machine_process" ] || return 0
    in_machine systemctl poweroff >/dev/null 2>&1 || true
    for _ in $(seq 200); do
        kill -0 "$machine_process" 2>/dev/null || break
        sleep 0.1
    done
    kill -9 "$machine_process" 2>/dev/null || true
    wait "$machine_process" 2>/dev/null || true
    machine_process=
    machine_leader=
    # What nspawn leaves where no systemd is in charge; groups that are in use stay.
    [ -d /run/systemd/system ] ||
        find /sys/fs/cgroup/*/payload /sys/fs/cgroup/*/supervisor -depth -type d -exec rmdir {} + 2>/dev/null || true
}
