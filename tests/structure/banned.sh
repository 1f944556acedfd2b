#!/bin/sh
# Functions that have been regretted: each has a better one in common/. Prints each use; exits 1 when
# there is one.
set -eu
cd "${1:-.}"

bad=0
ban() { # PATTERN  FILES THAT MAY  WHY
    found=$(grep -nE "(^|[^a-zA-Z0-9_>.\"])($1)\(" $(find common daemon sandbox -name '*.[ch]') | grep -vE "^($2):" |
            grep -vE ':[0-9]+: *(/?\*|//)' || true)
    [ -z "$found" ] && return
    printf '%s\n  banned: %s\n' "$found" "$3"
    bad=1
}
none='-'
ban 'strcpy|strcat|strncpy|strncat|sprintf|vsprintf|gets' "$none" 'no bounds: use snprintf or common/buf.h'
ban 'atoi|atol|atof' "$none" 'no errors: use jv_int or common/number.h'
ban 'strtok' "$none" 'hidden state: use strtok_r'
ban 'localtime|gmtime|localtime_r|gmtime_r|mktime|strftime|ctime|asctime' "$none" 'the process has one zone, portals have many: common/zone.h'
ban 'time|gettimeofday|clock_gettime' 'common/clock\.c' 'only common/clock.c asks for the time'
ban 'malloc|calloc|realloc|strdup|strndup|asprintf|vasprintf' 'common/mem\.c' 'common/mem.h'
ban 'free' 'common/mem\.c' 'mem_free'
ban 'setenv|putenv|system|popen|alloca' "$none" 'never'
exit $bad
