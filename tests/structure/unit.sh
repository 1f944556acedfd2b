#!/bin/sh
# The service is closed: systemd-analyze rates its exposure at 1.5 or less. Where there is no systemd
# the test is skipped.
#
#   unit.sh SOURCE, with the folder of the units as built in $UNITS
set -eu

systemd-analyze security --offline=true "$UNITS/b24bridge.service" >/dev/null 2>&1 || exit 77
exposure=$(systemd-analyze security --no-pager --offline=true "$UNITS/b24bridge.service" |
    sed -n 's/.*Overall exposure level[^:]*: \([0-9.]*\).*/\1/p')
echo "exposure $exposure"
awk -v e="$exposure" 'BEGIN { exit !(e != "" && e <= 1.5) }'
