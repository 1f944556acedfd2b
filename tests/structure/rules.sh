#!/bin/sh
# Each file of config/rules.d has its row in the list of the rules that come along, and no row is of
# a file that is gone.
set -eu
cd "${1:-.}"

bad=0
for list in docs/rules.md docs/rules.ru.md; do
    for file in config/rules.d/*.ini; do
        name=$(basename "$file" .ini)
        grep -q "| \`$name\`[ ○]*|" "$list" || { echo "$list: no row of $name"; bad=1; }
    done
    for name in $(grep -oE '\| `[0-9]+-[a-z-]+`' "$list" | tr -d '|` '); do
        [ -e "config/rules.d/$name.ini" ] || { echo "$list: there is no $name.ini"; bad=1; }
    done
done
exit $bad
