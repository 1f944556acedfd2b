#!/bin/sh
# Turns the numbered migrations into C, so that the binary carries them:
#   embed.sh OUTPUT.c 0001_first.sql 0002_second.sql …
# Files come in order; the number of each must be its place, so that none can be forgotten.
set -eu
LC_ALL=C
export LC_ALL

output=$1
shift
{
    echo '/* Made from the .sql files by embed.sh. */'
    echo '#include "migrations/migrations.h"'
    echo
    echo 'const struct migration migrations[] = {'
    expected=1
    for file in "$@"; do
        name=$(basename "$file" .sql)
        number=$(expr "$name" : '0*\([1-9][0-9]*\)_') || number=none
        if [ "$number" != "$expected" ]; then
            echo "embed.sh: $file: expected number $expected, found $number" >&2
            exit 1
        fi
        echo "    {\"$name\","
        sed -e 's/\\/\\\\/g' -e 's/"/\\"/g' -e 's/.*/     "&\\n"/' "$file"
        echo '    },'
        expected=$((expected + 1))
    done
    echo '};'
    echo "const size_t migration_count = $((expected - 1));"
} > "$output.part"
mv "$output.part" "$output"
