/* Each line of the bytes is offered to everything that reads calendars, durations and moments; what
 * it makes of it is then reckoned with. */

#include "common/calendar.h"

#include <string.h>

#include "common/duration.h"
#include "common/mem.h"
#include "tests/fuzz/fuzz.h"

enum { MOST_LINES = 64 };

static const int64_t base_ms = 1768892400000; /* Tue 2026-01-20 10:00 in Moscow */

static const struct zone *zone_of(void)
{
    static struct zone *zone;
    struct err err = {0};
    if (zone == NULL)
        zone = zone_load("Europe/Berlin", &err); /* has its clock changes */
    fuzz_must(zone != NULL);
    return zone;
}

/* What is refused says why, and where within the text. */
static void refusal(bool taken, const char *text, size_t offset, const struct err *err)
{
    fuzz_must(taken == (err->text[0] == '\0'));
    fuzz_must(taken || offset <= strlen(text));
}

static void build(struct calendar *calendar, const char *line)
{
    struct err hours = {0}, holiday = {0};
    size_t offset = 0;
    bool taken = calendar_add_hours(calendar, line, &offset, &hours);
    refusal(taken, line, offset, &hours);
    offset = 0;
    taken = calendar_add_holiday(calendar, line, &offset, &holiday);
    refusal(taken, line, offset, &holiday);
}

static void reckon_duration(const struct calendar *calendar, const struct duration *d)
{
    int64_t later = 0, earlier = 0;
    struct err err = {0};
    if (duration_apply(d, 1, base_ms, calendar, &later, &err)) {
        fuzz_must(later >= base_ms);
        fuzz_must(d->unit != DURATION_WORKDAYS || d->amount == 0 ||
                  calendar_is_workday(calendar, later));
    } else {
        fuzz_must(err.text[0] != '\0');
    }
    if (duration_apply(d, -1, base_ms, calendar, &earlier, &err))
        fuzz_must(earlier <= base_ms);
}

static void read_duration(const struct calendar *calendar, const char *line)
{
    struct duration d, again;
    struct err err = {0};
    size_t offset = 0;
    bool is = duration_parse(line, &d, &offset, &err);
    refusal(is, line, offset, &err);
    if (!is)
        return;
    char out[48];
    duration_print(&d, out);
    fuzz_must(duration_parse(out, &again, &offset, &err));
    fuzz_must(again.unit == d.unit && again.amount == d.amount);
    reckon_duration(calendar, &d);
}

static void read_moment(const struct calendar *calendar, const char *line)
{
    struct moment moment;
    struct err err = {0};
    size_t offset = 0;
    int64_t at_ms = 0;
    bool is = moment_parse(line, &moment, &offset, &err);
    refusal(is, line, offset, &err);
    if (is && !moment_reckon(&moment, base_ms, zone_of(), calendar, &at_ms, &err))
        fuzz_must(err.text[0] != '\0');
    err = (struct err){0};
    is = moment_parse_until(line, &moment, &offset, &err);
    refusal(is, line, offset, &err);
}

void fuzz_calendar(const uint8_t *data, size_t size)
{
    char *text = mem_strndup((const char *)data, size), *rest = NULL, *lines[MOST_LINES];
    int count = 0;
    struct calendar *calendar = calendar_new(zone_of());
    for (char *line = strtok_r(text, "\n", &rest); line != NULL && count < MOST_LINES;
         line = strtok_r(NULL, "\n", &rest))
        lines[count++] = line;
    for (int i = 0; i < count; i++)
        build(calendar, lines[i]);
    for (int i = 0; i < count; i++) {
        read_duration(calendar, lines[i]);
        read_moment(calendar, lines[i]);
    }
    calendar_free(calendar);
    mem_free(text);
}
