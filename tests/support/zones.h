#ifndef TESTS_SUPPORT_ZONES_H
#define TESTS_SUPPORT_ZONES_H

/* Zones without a database, and moments as people read them. */

#include <check.h>

#include "common/zone.h"
#include "tests/support/tzif_bytes.h"

static inline struct zone *zones_build(const char *name, const struct tzif_plan *plan)
{
    struct tzif_bytes f = tzif_build(plan);
    struct err err = {0};
    struct zone *z = zone_parse(name, f.bytes, f.size, &err);
    ck_assert_msg(z != NULL, "%s", err.text);
    return z;
}

/* Three hours east, always. */
static inline struct zone *zones_moscow(void)
{
    static const struct tzif_plan plan = {
        .version = '2', .type_count = 1, .offsets = {10800}, .footer = "MSK-3"};
    return zones_build("Test/Moscow", &plan);
}

/* Summer time from the last Sunday of March to the last one of October. */
static inline struct zone *zones_berlin(void)
{
    return zones_build("Test/Berlin", &tzif_plan_berlin);
}

/* "2026-01-20 10:00" in that zone. */
static inline int64_t zones_at(const struct zone *z, const char *text)
{
    int64_t wall_ms = 0;
    ck_assert_msg(zone_parse_iso(z, text, &wall_ms), "%s", text);
    return wall_ms;
}

/* Is `wall_ms` that text, in the form of zone_iso? */
static inline void zones_same(const struct zone *z, int64_t wall_ms, const char *expected)
{
    char out[26];
    zone_iso(z, wall_ms, out);
    ck_assert_str_eq(out, expected);
}

#endif
