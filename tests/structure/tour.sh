#!/bin/sh
# The README's source tour tells the truth: every path it names exists, and every source folder and
# file is in it (a file by its own name or inside a named folder's row of names).
set -eu
cd "${1:-.}"

bad=0
for readme in README.md README.ru.md; do
    tour=$(sed -n '/<!-- tour -->/,/<!-- end of tour -->/p' "$readme")
    [ -n "$tour" ] || { echo "$readme: no source tour"; bad=1; continue; }
    named=$(printf '%s\n' "$tour" | grep -oE '`[a-zA-Z0-9_.-]+/[a-zA-Z0-9_./-]*`' | tr -d '`' | sort -u)
    for path in $named; do
        [ -e "$path" ] || { echo "$readme: the tour names $path, which does not exist"; bad=1; }
    done
    for file in $(find common daemon sandbox migrations systemd config tests -type f \
                      \( -name '*.c' -o -name '*.h' -o -name '*.sql' -o -name '*.sh' -o -name '*.in' -o -name '*.socket' \
                      \) | sed 's/\.h$/.c/' | sort -u); do
        stem=${file%.*}
        folder=${file%/*}/
        [ -e "$file" ] || file=$stem.h
        printf '%s\n' "$named" | grep -qxE "$file|$stem\.[ch]|$folder" ||
            { echo "$readme: the tour does not name $file"; bad=1; }
    done
done
exit $bad
