#include "daemon/cli/runs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/buf.h"
#include "common/jv.h"
#include "common/mem.h"
#include "common/zone.h"
#include "daemon/cli/ask.h"
#include "daemon/cli/out.h"

json_t *runs_ask(const struct args *args, const char *const *states, const char *entity,
                 bool *ret_more)
{
    json_t *all = json_array();
    *ret_more = false;
    for (size_t i = 0; states[i] != NULL; i++) {
        const char *const pairs[] = {"state",  states[i],
                                     "entity", entity,
                                     "portal", args_text(args, OPTION_PORTAL, NULL),
                                     "rule",   args_text(args, OPTION_RULE, NULL),
                                     NULL};
        char *path = ask_path_new("/api/runs", pairs);
        json_t *answer;
        int status;
        bool asked = ask_daemon(args, path, &answer, &status);
        mem_free(path);
        if (!asked) {
            json_decref(all);
            return NULL;
        }
        (void)json_array_extend(all, json_object_get(answer, "runs"));
        *ret_more = *ret_more || json_is_true(json_object_get(answer, "more"));
        json_decref(answer);
    }
    return all;
}

struct line {
    const json_t *run;
    int64_t due_ms; /* portals have zones of their own: their texts cannot be compared */
};

/* Runs without a due time, which go on at once, first. */
static int by_due(const void *a, const void *b)
{
    const struct line *one = a, *other = b;
    return (one->due_ms > other->due_ms) - (one->due_ms < other->due_ms);
}

static struct line *sort_new(const json_t *runs)
{
    struct err err = {0};
    size_t count = json_array_size(runs);
    struct line *lines = mem_array(count + 1, sizeof *lines);
    struct zone *utc = zone_load("UTC", &err); /* always known */
    for (size_t i = 0; i < count; i++) {
        lines[i] = (struct line){.run = json_array_get(runs, i)};
        if (!zone_parse_iso(utc, jv_text(lines[i].run, "due", ""), &lines[i].due_ms))
            lines[i].due_ms = 0;
    }
    zone_free(utc);
    qsort(lines, count, sizeof *lines, by_due);
    return lines;
}

static void print_one(struct out_table *table, const json_t *run)
{
    char id[24], due[24], entity[128];
    (void)snprintf(id, sizeof id, "%lld", (long long)jv_int(run, "id", 0));
    const char *type = jv_text(run, "entity.type", "?");
    bool none = strcmp(type, "none") == 0; /* of `every`, or of an event without an entity */
    (void)snprintf(entity, sizeof entity, "%s%s%s", none ? "-" : type, none ? "" : " ",
                   none ? "" : jv_text(run, "entity.id", ""));
    out_time(jv_text(run, "due", NULL), due);
    struct buf why BUF_AUTO;
    buf_init(&why, 1024);
    const char *reason = jv_text(run, "reason", "");
    size_t i;
    json_t *cancel;
    buf_text(&why, reason);
    json_array_foreach (jv_loose(jv_at(run, "cancels")), i, cancel)
        buf_printf(&why, "%s%s",
                   i > 0               ? ", "
                   : reason[0] != '\0' ? "; unless "
                                       : "unless ",
                   json_string_value(cancel));
    const char *cells[] = {id,
                           due,
                           jv_text(run, "state", "?"),
                           jv_text(run, "rule", "?"),
                           entity,
                           jv_text(run, "portal", "?"),
                           why.data};
    out_table_add(table, cells);
}

void runs_print(const json_t *runs)
{
    static const char *const headings[] = {"run",    "due",    "state", "rule",
                                           "entity", "portal", "why",   NULL};
    size_t count = json_array_size(runs);
    struct line *lines = sort_new(runs);
    struct out_table table;
    out_table_init(&table, headings);
    for (size_t i = 0; i < count; i++)
        print_one(&table, lines[i].run);
    out_table_print(&table);
    mem_free(lines);
}
