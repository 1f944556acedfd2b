#include "daemon/config/section_calendar.h"

#include <string.h>

#include "common/clock.h"
#include "common/mem.h"
#include "common/utf8.h"
#include "daemon/config/textfile.h"

static void begin(struct loading *l, const char *name, struct place at)
{
    struct config *c = l->config;
    c->calendars = mem_grow(c->calendars, (size_t)c->calendar_count + 1, sizeof *c->calendars);
    l->calendar = &c->calendars[c->calendar_count++];
    *l->calendar = (struct config_calendar){.name = mem_strdup(name), .at = at};
    if (l->draft_zone == NULL) {
        struct err err = {0};
        l->draft_zone = zone_load("UTC", &err); /* known without a file */
    }
    l->draft = calendar_new(l->draft_zone);
}

static void keep_line(struct loading *l, bool holiday, const char *text)
{
    l->lines = mem_grow(l->lines, l->line_count + 1, sizeof *l->lines);
    l->lines[l->line_count++] = (struct calendar_line){
        .calendar = l->config->calendar_count - 1, .holiday = holiday, .text = mem_strdup(text)};
}

bool calendar_read_hours(struct loading *l, const struct given *g)
{
    size_t offset = 0;
    struct err err = {0};
    if (!calendar_add_hours(l->draft, g->text, &offset, &err))
        return given_bad(l, g, offset, "%s", err.text);
    keep_line(l, false, g->text);
    return true;
}

static bool read_holiday(struct loading *l, const char *line, const char *file, int number)
{
    size_t offset = 0;
    struct err err = {0};
    struct place at = {.file = file, .line = number, .column = 1};
    if (!utf8_valid(line, strlen(line)))
        return diag_add(l->diag, at, "not valid UTF-8; the file has to be saved so");
    if (!calendar_add_holiday(l->draft, line, &offset, &err)) {
        char *before = mem_strndup(line, offset);
        at.column += (int)utf8_length(before);
        mem_free(before);
        return diag_add(l->diag, at, "%s", err.text);
    }
    keep_line(l, true, line);
    return true;
}

static bool read_holidays(struct loading *l, char *text, const char *file)
{
    bool good = true;
    int number = 0;
    for (char *line = text, *next; line != NULL; line = next) {
        next = strchr(line, '\n');
        if (next != NULL)
            *next++ = '\0';
        line[strcspn(line, "\r")] = '\0';
        good = read_holiday(l, line, file, ++number) && good;
    }
    return good;
}

/* FNV-1a, of several files one behind the other. */
static uint64_t digest(uint64_t before, const struct buf *text)
{
    uint64_t digest = before != 0 ? before : UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < text->size; i++)
        digest = (digest ^ (unsigned char)text->data[i]) * UINT64_C(0x100000001b3);
    return digest;
}

bool calendar_read_holidays(struct loading *l, const struct given *g)
{
    char *path = value_path(l, g);
    if (path == NULL)
        return false;
    struct buf text BUF_AUTO;
    buf_init(&text, TEXTFILE_CEILING);
    bool good = value_text(l, g, path, &text);
    if (good) {
        l->calendar->holidays_digest = digest(l->calendar->holidays_digest, &text);
        good = read_holidays(l, text.data, path);
    }
    mem_free(path);
    return good;
}

bool calendar_read_zone(struct loading *l, const struct given *g)
{
    struct err err = {0};
    l->calendar->zone = zone_load(g->text, &err);
    return l->calendar->zone != NULL || given_bad(l, g, 0, "%s", err.text);
}

static void finish(struct loading *l)
{
    calendar_free(l->draft);
    l->draft = NULL;
}

/* The lines were found right when they were read. */
static struct calendar *build(const struct loading *l, int which, const struct zone *zone)
{
    struct calendar *calendar = calendar_new(zone);
    for (size_t i = 0; i < l->line_count; i++) {
        const struct calendar_line *line = &l->lines[i];
        size_t offset;
        struct err err = {0};
        if (line->calendar != which)
            continue;
        bool added = line->holiday ? calendar_add_holiday(calendar, line->text, &offset, &err)
                                   : calendar_add_hours(calendar, line->text, &offset, &err);
        (void)added;
    }
    return calendar;
}

/* Days off that nobody wrote down are worked through in silence (product.md §2). */
static void warn_of_the_end(struct loading *l, const struct config_calendar *calendar,
                            const struct calendar *built, const struct zone *zone)
{
    int last = calendar_last_holiday(built);
    int year = zone_local(zone, clock_wall_ms()).year;
    if (last == 0 || last >= year * 10000 + 1231)
        return;
    diag_warn(l->diag, calendar->at,
              "the holidays of calendar \"%s\" end on %04d-%02d-%02d, before the year does; add "
              "the days off until %04d-12-31",
              calendar->name, last / 10000, last / 100 % 100, last % 100, year);
}

void calendars_build(struct loading *l)
{
    struct config *c = l->config;
    for (int i = 0; i < c->calendar_count; i++) {
        struct config_calendar *calendar = &c->calendars[i];
        calendar->by_portal = mem_array((size_t)c->portal_count + 1, sizeof *calendar->by_portal);
        for (int k = 0; k < c->portal_count; k++)
            calendar->by_portal[k] =
                build(l, i, calendar->zone != NULL ? calendar->zone : c->portals[k].zone);
        if (c->portal_count > 0)
            warn_of_the_end(l, calendar, calendar->by_portal[0], c->portals[0].zone);
    }
    for (int k = 0; k < c->portal_count && c->calendar_count == 0; k++)
        c->portals[k].calendar = calendar_new_plain(c->portals[k].zone);
}

const struct section_kind section_calendar = {"calendar", true, begin, finish};
