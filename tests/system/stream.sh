#!/bin/sh
# One sender of events, inside the machine: each on a connection of its own, as Bitrix24 posts them.
#
#   stream.sh NUMBER FOLDER
#
# Until FOLDER/stop is there. FOLDER/sent.NUMBER gets a line an event: its id, the HTTP status (000:
# none), curl's exit code (7: the connection was refused).
set -eu
number=$1 folder=$2
id=$((5000000 + number * 1000000))
token=$(cat /etc/b24bridge/secrets/portal-token)

while [ ! -e "$folder/stop" ]; do
    last=$((id + 20))
    while [ "$id" -lt "$last" ]; do
        id=$((id + 1))
        cat <<EOF
url = "http://127.0.0.1:8024/hook/main"
header = "Connection: close"
data = "event=ONCRMCOMPANYADD&data%5BFIELDS%5D%5BID%5D=$id&ts=1755780000&auth%5Bmember_id%5D=a223c6b3710f85df22e9377d6c4f7553&auth%5Bapplication_token%5D=$token"
output = /dev/null
max-time = 60
write-out = "$id %{http_code} %{exitcode}\n"
next
EOF
    done >"$folder/batch.$number"
    sed -i '$d' "$folder/batch.$number"
    curl -s -K "$folder/batch.$number" >>"$folder/sent.$number" || true
done
