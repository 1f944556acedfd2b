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

/* ---- asking ---------------------------------------------------------------------------------- */

struct page {
    const struct args *args;
    const char *state, *entity;
    char next[64]; /* "": the first */
};

/* Adds a page to `all`; false: could not be asked. */
static bool ask_page(struct page *page, int64_t most, json_t *all)
{
    char limit[24];
    (void)snprintf(limit, sizeof limit, "%lld", (long long)most);
    const char *const pairs[] = {"state",  page->state,
                                 "entity", page->entity,
                                 "portal", args_text(page->args, OPTION_PORTAL, NULL),
                                 "rule",   args_text(page->args, OPTION_RULE, NULL),
                                 "reason", args_text(page->args, OPTION_REASON, NULL),
                                 "since",  args_text(page->args, OPTION_SINCE, NULL),
                                 "until",  args_text(page->args, OPTION_UNTIL, NULL),
                                 "limit",  limit,
                                 "after",  page->next[0] != '\0' ? page->next : NULL,
                                 NULL};
    char *path = ask_path_new("/api/runs", pairs);
    json_t *answer;
    int status;
    bool asked = ask_daemon(page->args, path, &answer, &status);
    mem_free(path);
    if (!asked)
        return false;
    (void)json_array_extend(all, json_object_get(answer, "runs"));
    (void)snprintf(page->next, sizeof page->next, "%s", jv_text(answer, "next", ""));
    json_decref(answer);
    return true;
}

json_t *runs_ask(const struct args *args, const char *const *states, const char *entity,
                 int64_t most, bool *ret_more)
{
    json_t *all = json_array();
    *ret_more = false;
    for (size_t i = 0; states[i] != NULL; i++) {
        struct page page = {.args = args, .state = states[i], .entity = entity};
        do {
            int64_t left = most - (int64_t)json_array_size(all);
            if (left <= 0) {
                *ret_more = true;
                return all;
            }
            if (!ask_page(&page, left, all)) {
                json_decref(all);
                return NULL;
            }
        } while (page.next[0] != '\0');
    }
    return all;
}

bool runs_limit(const struct args *args, int64_t *ret)
{
    const char *text = args_text(args, OPTION_LIMIT, NULL);
    char *end = NULL;
    *ret = text == NULL ? RUNS_USUAL : strtoll(text, &end, 10);
    if (text == NULL || (*end == '\0' && *ret > 0 && *ret <= RUNS_MOST))
        return true;
    out_complain("--limit: \"%s\" is no number from 1 to %d", text, RUNS_MOST);
    return false;
}

/* ---- printing -------------------------------------------------------------------------------- */

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

void runs_entity(const json_t *run, char *out, size_t size)
{
    const char *type = jv_text(run, "entity.type", "?");
    bool none = strcmp(type, "none") == 0; /* of `every`, or of an event without an entity */
    (void)snprintf(out, size, "%s%s%s", none ? "-" : type, none ? "" : " ",
                   none ? "" : jv_text(run, "entity.id", ""));
}

/* Why it ended or waits, what would end it, and whether somebody has paused it. */
static void say_why(const json_t *run, struct buf *why)
{
    const char *reason = jv_text(run, "reason", "");
    const char *state = jv_text(run, "state", "");
    bool waits = strcmp(state, "waiting") == 0 || strcmp(state, "ready") == 0;
    size_t i;
    json_t *cancel;
    if (json_object_get(run, "paused") != NULL)
        buf_printf(why, "paused by %s; ", jv_text(run, "paused.by", "?"));
    buf_text(why, reason);
    if (!waits)
        return;
    json_array_foreach (jv_loose(jv_at(run, "cancels")), i, cancel)
        buf_printf(why, "%s%s",
                   i > 0               ? ", "
                   : reason[0] != '\0' ? "; unless "
                                       : "unless ",
                   json_string_value(cancel));
}

static void print_one(struct out_table *table, const json_t *run)
{
    char id[24], due[24], entity[128];
    struct buf why BUF_AUTO;
    buf_init(&why, 2048);
    buf_text(&why, "");
    (void)snprintf(id, sizeof id, "%lld", (long long)jv_int(run, "id", 0));
    runs_entity(run, entity, sizeof entity);
    out_time(jv_text(run, "due", NULL), due);
    say_why(run, &why);
    const char *cells[] = {id,
                           due,
                           jv_text(run, "state", "?"),
                           jv_text(run, "rule", "?"),
                           entity,
                           jv_text(run, "portal", "?"),
                           why.data};
    out_table_add(table, cells);
}

void runs_print(const json_t *runs, bool more)
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
    if (more)
        out_line("… there are more: --limit, or a narrower filter");
    mem_free(lines);
}
