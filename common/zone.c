#include "common/zone.h"

#include <string.h>

#include "common/buf.h"
#include "common/date.h"
#include "common/mem.h"
#include "common/tzfile.h"
#include "common/tzif.h"

/* Local times are reckoned within this many seconds of 1970 (290 million years), so that no sum
 * overflows; what lies beyond is taken as the end of it. */
static const int64_t most_seconds = 9200000000000000;

enum { MOST_OFFSET = 26 * 3600 };

struct zone {
    char *name;
    struct tzif table;
};

struct zone *zone_load(const char *name, struct err *err)
{
    if (strcmp(name, "UTC") == 0) {
        struct zone *utc = mem_alloc(sizeof *utc);
        utc->name = mem_strdup(name);
        return utc;
    }
    struct buf bytes BUF_AUTO;
    buf_init(&bytes, TZIF_MOST_BYTES);
    if (!tzfile_read(name, &bytes, err))
        return NULL;
    return zone_parse(name, bytes.data, bytes.size, err);
}

struct zone *zone_parse(const char *name, const void *bytes, unsigned long size, struct err *err)
{
    struct tzif table;
    if (!tzif_parse(bytes, size, &table, err)) {
        (void)err_prefix(err, "time zone \"%.64s\": ", name);
        return NULL;
    }
    struct zone *z = mem_alloc(sizeof *z);
    *z = (struct zone){.name = mem_strdup(name), .table = table};
    return z;
}

void zone_free(struct zone *z)
{
    if (z == NULL)
        return;
    tzif_done(&z->table);
    mem_free(z->name);
    mem_free(z);
}

const char *zone_name(const struct zone *z)
{
    return z->name;
}

struct civil zone_local(const struct zone *z, int64_t wall_ms)
{
    int64_t second = date_floor_div(wall_ms, 1000);
    int offset = tzif_span(&z->table, second).offset;
    int64_t local = second + offset;
    int64_t number = date_floor_div(local, DATE_DAY_SECONDS);
    int of_day = (int)(local - number * DATE_DAY_SECONDS);
    struct date date = date_of(number);
    return (struct civil){
        .year = date.year,
        .month = date.month,
        .day = date.day,
        .hour = of_day / 3600,
        .minute = of_day / 60 % 60,
        .second = of_day % 60,
        .ms = (int)((wall_ms % 1000 + 1000) % 1000),
        .weekday = date_weekday(number),
        .offset = offset,
    };
}

/* The first moment at which the zone's clocks show `local` (seconds since 1970 by those clocks),
 * or, when a change skips it, the moment they would have shown it without the change. */
static int64_t first_showing(const struct tzif *table, int64_t local)
{
    struct tzspan span = tzif_span(table, local - MOST_OFFSET);
    int64_t second = local - span.offset;
    while (second >= span.to) {
        int64_t unchanged = second;
        span = tzif_span(table, span.to);
        second = local - span.offset;
        if (second < span.from)
            return unchanged;
    }
    return second;
}

int64_t zone_moment(const struct zone *z, struct civil c)
{
    int64_t local = date_number(c.year, c.month, c.day) * DATE_DAY_SECONDS +
                    (int64_t)c.hour * 3600 + (int64_t)c.minute * 60 + c.second +
                    date_floor_div(c.ms, 1000);
    int ms = (int)(c.ms - date_floor_div(c.ms, 1000) * 1000);
    if (local > most_seconds)
        local = most_seconds;
    if (local < -most_seconds)
        local = -most_seconds;
    return first_showing(&z->table, local) * 1000 + ms;
}
