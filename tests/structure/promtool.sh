#!/bin/sh
# The alerts in config/monitoring as promtool sees them: their form, and that each fires when it should
# and not before. Without promtool (Debian's package prometheus) the test is skipped, and said to be;
# that every name in those files is a metric of ours the scenario `monitoring` checks in any case.
set -eu
cd "${1:-.}"

command -v promtool >/dev/null || {
    echo "skipped: promtool is not installed (Debian: apt-get install prometheus)"
    exit 77
}
promtool check rules config/monitoring/b24bridge.rules.yml
promtool test rules tests/structure/b24bridge.rules.test.yml
# No alert without a test.
for alert in $(sed -n 's/^ *- alert: *//p' config/monitoring/b24bridge.rules.yml); do
    grep -q "alertname: $alert\}" tests/structure/b24bridge.rules.test.yml || {
        echo "no test of the alert $alert"
        exit 1
    }
done
