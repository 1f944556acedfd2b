/* Who is at work, and how much each has to do: bitrix24.md §8.5, §8.7, §8.10. */

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/date.h"
#include "common/jv.h"
#include "common/mem.h"
#include "common/scan.h"
#include "daemon/portal/fetch_parts.h"

enum { ID_SIZE = 24 };

/* "17:2026-11-22" apart. */
static bool read_presence(const char *argument, char id[ID_SIZE], struct date *ret)
{
    struct scan scan = {.text = argument};
    int64_t user = 0;
    bool good = scan_number(&scan, &user) && scan_char(&scan, ':') && scan_date(&scan, ret);
    (void)snprintf(id, ID_SIZE, "%" PRId64, user);
    return good;
}

static json_t *date_new(int64_t number)
{
    struct date day = date_of(number);
    return json_sprintf("%04d-%02d-%02d", day.year, day.month, day.day);
}

/* The calendar is asked for today and tomorrow: whether `to` counts as a whole day is documented
 * nowhere. */
size_t fetch_presence_calls(const char *argument, struct command ret[FETCH_MOST])
{
    char id[ID_SIZE];
    struct date day;
    if (!read_presence(argument, id, &day))
        return 0;
    int64_t today = date_number(day.year, day.month, day.day);
    (void)fetch_call(ret, 0, "calendar.accessibility.get",
                     json_pack("{s:[o], s:o, s:o}", "users", fetch_id_new(id), "from",
                               date_new(today), "to", date_new(today + 1)));
    return fetch_call(ret, 1, "timeman.status", json_pack("{s:o}", "USER_ID", fetch_id_new(id)));
}

/* Only what is needed: names of events are nobody's business here. */
static json_t *absences_new(const json_t *entries)
{
    json_t *absences = json_array();
    size_t i;
    json_t *entry;
    json_array_foreach (jv_loose(entries), i, entry)
        if (strcmp(jv_text(entry, "ACCESSIBILITY", ""), "absent") == 0)
            (void)json_array_append_new(
                absences,
                json_pack("{s:I, s:I, s:b}", "from",
                          (json_int_t)jv_int(json_object_get(entry, "DATE_FROM_TS_UTC"), "", 0),
                          "to", (json_int_t)jv_int(json_object_get(entry, "DATE_TO_TS_UTC"), "", 0),
                          "days", jv_flag(json_object_get(entry, "DT_SKIP_TIME"), "")));
    return absences;
}

/* A portal without calendars or working time refuses one of the two: then the other counts. */
enum fetched fetch_presence_value(const struct fetch *fetch, json_t **ret_value,
                                  struct command *ret_more, struct err *err)
{
    char id[ID_SIZE];
    struct date day;
    (void)ret_more;
    if (fetch->count < 2 || !read_presence(fetch->argument, id, &day)) {
        (void)err_set(err, "\"%.60s\" names no user and day", fetch->argument);
        return FETCH_FAILED;
    }
    const struct answer *calendar = &fetch->answers[0], *status = &fetch->answers[1];
    json_t *value = json_object();
    if (calendar->verdict == VERDICT_DONE)
        (void)json_object_set_new(value, "absent",
                                  absences_new(json_object_get(calendar->result, id)));
    if (status->verdict == VERDICT_DONE) {
        (void)json_object_set_new(value, "status",
                                  jv_string_new(jv_text(status->result, "STATUS", "")));
        (void)json_object_set_new(value, "start",
                                  jv_string_new(jv_text(status->result, "TIME_START", "")));
    }
    *ret_value = value;
    return FETCHED;
}

/* ---- load ------------------------------------------------------------------------------------ */

size_t fetch_load_calls(const char *argument, struct command ret[FETCH_MOST])
{
    (void)fetch_call(ret, 0, "tasks.task.list",
                     json_pack("{s:{s:o, s:i}, s:[s]}", "filter", "RESPONSIBLE_ID",
                               fetch_id_new(argument), "!REAL_STATUS", 5, "select", "ID"));
    return fetch_call(ret, 1, "crm.activity.list",
                      json_pack("{s:{s:o, s:s, s:s}, s:[s]}", "filter", "RESPONSIBLE_ID",
                                fetch_id_new(argument), "COMPLETED", "N", "PROVIDER_ID", "CRM_TODO",
                                "select", "ID"));
}

/* The list itself is its first page; `total` counts all. */
static int64_t total_of(const struct answer *answer, const char *list)
{
    int64_t shown = (int64_t)json_array_size(jv_at(answer->result, list));
    return answer->total > shown ? answer->total : shown;
}

enum fetched fetch_load_value(const struct fetch *fetch, json_t **ret_value,
                              struct command *ret_more, struct err *err)
{
    static const char *const lists[] = {"tasks", ""};
    int64_t load = 0;
    (void)ret_more;
    for (size_t i = 0; i < 2 && i < fetch->count; i++) {
        if (fetch->answers[i].verdict != VERDICT_DONE)
            return fetch_fail(&fetch->answers[i], err);
        load += total_of(&fetch->answers[i], lists[i]);
    }
    *ret_value = json_integer(load);
    return FETCHED;
}

/* The rotation is not the portal's. */
size_t fetch_nothing_calls(const char *argument, struct command ret[FETCH_MOST])
{
    (void)argument;
    (void)ret;
    return 0;
}
