#!/bin/sh
# The include graph: a file includes headers of its own folder and of lower floors, never upward and
# never sideways (README, source tour). Prints each breach; exits 1 when there is one.
set -eu
cd "${1:-.}"

find common daemon sandbox -name '*.[ch]' | sort | xargs awk '
function floor_of(path) {
    if (path ~ /^common\//) return 0
    if (path ~ /^daemon\/model\//) return 1
    if (path ~ /^daemon\/rules\//) return 2
    if (path ~ /^daemon\/(config|store|portal|http)\//) return 3
    if (path ~ /^daemon\/(ingest|engine)\//) return 4
    if (path ~ /^daemon\/admin\//) return 5
    if (path ~ /^daemon\/cli\//) return 6
    if (path == "daemon/main.c") return 7
    return -1
}
function folder_of(path) {
    sub(/\/[^\/]*$/, "", path)
    sub(/\/actions$/, "", path)
    return path
}
function breach(what) { printf "%s:%d: %s\n", FILENAME, FNR, what; bad = 1 }
/^#include "/ {
    split($0, part, "\"")
    to = part[2]
    if (to == "migrations/migrations.h") { if (FILENAME !~ /^daemon\/store\//) breach("only store/ reads migrations"); next }
    if (FILENAME ~ /^sandbox\//) {
        front = FILENAME ~ /^sandbox\/(front|later|main|options|poster)\.[ch]$/
        allowed = to ~ /^(common|sandbox)\// || (front && to ~ /^daemon\/(http\/server|portal\/wire)\.h$/)
        if (!allowed) breach("the sandbox includes " to)
        next
    }
    if (to ~ /^sandbox\//) {
        if (FILENAME !~ /^daemon\/cli\//) breach("only the verb may include " to)
        next
    }
    from = floor_of(FILENAME); at = floor_of(to)
    if (at < 0) breach("a header from nowhere: " to)
    else if (folder_of(FILENAME) != folder_of(to) && at >= from) breach("floor " from " includes floor " at ": " to)
}
# The single doors.
/^#include <sqlite3/ && FILENAME !~ /^(common\/db\.[ch]|daemon\/store\/)/ { breach("SQLite outside its door") }
/^#include <curl/ && FILENAME !~ /^daemon\/portal\// { breach("libcurl outside its door") }
/^#include <microhttpd/ && FILENAME !~ /^daemon\/http\// { breach("libmicrohttpd outside its door") }
/^#include <systemd/ && FILENAME !~ /^daemon\/cli\/notify\.c/ { breach("libsystemd outside its door") }
# What decides does not act: no clock, no files, no sockets, no threads in rules/ and the core.
/^#include (<(fcntl|unistd|pthread|dirent|netdb|poll|time|sys\/[a-z]+)\.h>|"common\/(clock|log|db|secret)\.h")/ &&
    (FILENAME ~ /^daemon\/(model|rules)\// ||
     (FILENAME ~ /^sandbox\// && FILENAME !~ /^sandbox\/(front|later|main|options|poster)\.[ch]$/)) { breach("a pure folder includes " $2) }
END { exit bad }
'
