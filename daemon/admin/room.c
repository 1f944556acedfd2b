#include "daemon/admin/room.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    HOUR_MS = 60 * 60 * 1000,
    DAY_MS = 24 * HOUR_MS,
};
static const double endless = 10000, least_rate = 1048576; /* days; bytes a day, less is noise */

/* Samples from the future, or too old, say nothing: the clock was set. */
static void forget(struct room *room, int64_t now_ms)
{
    int kept = 0;
    for (int i = 0; i < room->count; i++) {
        int64_t age_ms = now_ms - room->samples[i].at_ms;
        if (age_ms >= 0 && age_ms <= DAY_MS + HOUR_MS)
            room->samples[kept++] = room->samples[i];
    }
    room->count = kept;
}

bool room_note(struct room *room, int64_t bytes_left, int64_t now_ms)
{
    forget(room, now_ms);
    if (room->count > 0 && now_ms - room->samples[room->count - 1].at_ms < HOUR_MS)
        return false;
    if (room->count == ROOM_SAMPLES)
        memmove(room->samples, room->samples + 1, (size_t)--room->count * sizeof room->samples[0]);
    room->samples[room->count++] = (struct room_sample){now_ms, bytes_left};
    return true;
}

struct room_verdict room_judge(const struct room *room, int64_t bytes_left, int64_t now_ms)
{
    struct room_verdict v = {.days = endless};
    if (room->count == 0 || now_ms - room->samples[0].at_ms < HOUR_MS)
        return v;
    v.span_ms = now_ms - room->samples[0].at_ms;
    double rate = (double)(room->samples[0].bytes - bytes_left) * DAY_MS / (double)v.span_ms;
    if (rate >= least_rate && (double)bytes_left / rate < endless)
        v.days = (double)bytes_left / rate;
    return v;
}

void room_print(const struct room *room, char out[ROOM_TEXT])
{
    int used = 0;
    out[0] = '\0';
    for (int i = 0; i < room->count && used < ROOM_TEXT - 48; i++)
        used += snprintf(out + used, (size_t)(ROOM_TEXT - used), "%s%" PRId64 ":%" PRId64,
                         i > 0 ? " " : "", room->samples[i].at_ms, room->samples[i].bytes);
}

void room_parse(struct room *room, const char *text)
{
    *room = (struct room){0};
    while (room->count < ROOM_SAMPLES) {
        char *end;
        int64_t at_ms = strtoll(text, &end, 10);
        if (end == text || *end != ':')
            return;
        int64_t bytes = strtoll(end + 1, &end, 10);
        int64_t last_ms = room->count > 0 ? room->samples[room->count - 1].at_ms : 0;
        if (bytes >= 0 && at_ms > last_ms)
            room->samples[room->count++] = (struct room_sample){at_ms, bytes};
        text = end;
    }
}
