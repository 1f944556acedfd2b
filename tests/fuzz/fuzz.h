#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

/* What reads bytes from strangers or text from rule authors, each as one function that takes any
 * bytes at all. Two callers: libFuzzer (target.c; meson option `fuzz`, clang only), which goes on
 * for as long as one likes, and short.c, which is a test like any other.
 *
 * Findings are crashes, sanitizers' reports and broken promises (fuzz_must). */

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

typedef void fuzz_entry(const uint8_t *data, size_t size);

fuzz_entry fuzz_body;     /* ingest/body.h: a POST of any kind */
fuzz_entry fuzz_calendar; /* common/calendar.h, duration.h: hours, holidays, durations, moments */
fuzz_entry fuzz_expr;     /* rules/expr.h: a condition, then its value */
fuzz_entry fuzz_form;     /* common/form.h: decoded, encoded, decoded */
fuzz_entry fuzz_ini;      /* common/ini.h: a file, then every place in it */
fuzz_entry fuzz_template; /* rules/template.h: a template, then its text in every surrounding */
fuzz_entry fuzz_zone;     /* common/zone.h: a TZif file, then times in it; dates and formats */

enum { FUZZ_MOST = 1 << 16 }; /* bytes; more say nothing new */

#define fuzz_must(condition)                                                                       \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            (void)fprintf(stderr, "%s:%d: broken: %s\n", __FILE__, __LINE__, #condition);          \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

#endif
