#include "common/zone.h"

#include <string.h>

#include "common/mem.h"
#include "tests/fuzz/fuzz.h"

/* Local time and back again is the same moment, but for an hour that comes twice. */
static void reckon(const struct zone *zone, int64_t wall_ms)
{
    struct civil local = zone_local(zone, wall_ms);
    fuzz_must(local.month >= 1 && local.month <= 12 && local.day >= 1 && local.day <= 31);
    fuzz_must(local.hour >= 0 && local.hour <= 23 && local.weekday >= 1 && local.weekday <= 7);
    char out[26];
    zone_iso(zone, wall_ms, out);
    fuzz_must(strlen(out) == 25);
    struct civil again = zone_local(zone, zone_moment(zone, local));
    fuzz_must(again.day == local.day || again.offset != local.offset);
}

static void read_file(const uint8_t *data, size_t size)
{
    static const int64_t moments[] = {0, 1768900000000, 4102444800000, -2208988800000};
    struct err err = {0};
    struct zone *zone = zone_parse("Fuzz/Zone", data, size, &err);
    fuzz_must((zone == NULL) == (err.text[0] != '\0'));
    for (size_t i = 0; zone != NULL && i < sizeof moments / sizeof moments[0]; i++)
        reckon(zone, moments[i]);
    zone_free(zone);
}

static void read_text(const char *text)
{
    static struct zone *utc;
    struct err err = {0};
    int64_t wall_ms = 0;
    char out[64];
    if (utc == NULL)
        utc = zone_load("UTC", &err);
    bool is = zone_parse_iso(utc, text, &wall_ms);
    fuzz_must(is == zone_is_iso(text));
    if (is)
        reckon(utc, wall_ms);
    (void)zone_format(utc, 1768900000000, text, out, sizeof out);
}

void fuzz_zone(const uint8_t *data, size_t size)
{
    read_file(data, size);
    char *text = mem_strndup((const char *)data, size);
    read_text(text);
    mem_free(text);
}
