#include "tests/crash/tally.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/jv.h"
#include "common/mem.h"
#include "daemon/model/run.h"

const char tally_rules[] =
    "[rule words]\n"
    "on = deal added\n"
    "if = deal.title matches \"^words \"\n"
    "[then comment]\ntext = comment {{deal.id}}\n"
    "[then todo]\ntitle = todo {{deal.id}}\ndeadline = now + 1 day\n"
    "[wait 2s]\n"
    "[then comment]\ntext = later {{deal.id}}\n"

    "[rule twice]\n"
    "on = deal added\n"
    "if = deal.title matches \"^twice \"\n"
    "[then comment]\ntext = twice {{deal.id}}\n"
    "[then comment]\ntext = twice {{deal.id}}\n"
    "[then todo]\ntitle = again {{deal.id}}\ndeadline = now + 1 day\n"
    "[then todo]\ntitle = again {{deal.id}}\ndeadline = now + 1 day\n"

    "[rule tasks]\n"
    "on = deal added\n"
    "if = deal.title matches \"^tasks \"\n"
    "[then task as T]\n"
    "title = task {{deal.id}}\n"
    "responsible = ivanov@firm.ru\n"
    "deadline = now + 1 day\n"
    "checklist = item {{deal.id}}\n"
    "[then close-task]\ntask = {{T.id}}\n"

    "[rule changes]\n"
    "on = deal added\n"
    "if = deal.title matches \"^changes \"\n"
    "[then update]\nopportunity = {{deal.id}}\n"
    "[then assign]\nto = petrova@firm.ru\n"
    "[then move]\nto = Продажи / КП отправлено\n"

    "[rule makes]\n"
    "on = deal added\n"
    "if = deal.title matches \"^makes \"\n"
    "[then add contact]\nlastName = contact {{deal.id}}\n"
    "[then add item 147]\ntitle = shipping {{deal.id}}\n"
    "[then rest crm.deal.update]\nid = {{deal.id}}\nfields.COMMENTS = classic {{deal.id}}\n"
    "[then rest crm.documentgenerator.document.add]\n"
    "templateId = 5\nentityTypeId = 2\nentityId = {{deal.id}}\n"
    "[then rest crm.activity.add]\n"
    "fields.OWNER_TYPE_ID = 2\nfields.OWNER_ID = {{deal.id}}\nfields.TYPE_ID = "
    "2\nfields.RESPONSIBLE_ID = 5\n"
    "fields.SUBJECT = call {{deal.id}}\nfields.ORIGINATOR_ID = soak\n"
    "fields.ORIGIN_ID = {{deal.id}}\n"
    "fields.COMMUNICATIONS.0.VALUE = +79001112233\n"

    "[rule notify]\n"
    "on = deal added\n"
    "if = deal.title matches \"^notify \"\n"
    "[then notify]\nto = ivanov@firm.ru\ntext = notify {{deal.id}}\n"

    "[rule chat]\n"
    "on = deal added\n"
    "if = deal.title matches \"^chat \"\n"
    "[then chat]\nto = chat2941\ntext = chat {{deal.id}}\n"
    "[then comment]\ntext = behind {{deal.id}}\n"

    "[rule workflow]\n"
    "on = deal added\n"
    "if = deal.title matches \"^workflow \"\n"
    "[then workflow]\ntemplate = 1\n"

    "[rule trigger]\n"
    "on = deal added\n"
    "if = deal.title matches \"^trigger \"\n"
    "[then trigger]\ncode = soak\n"

    "[rule http]\n"
    "on = deal added\n"
    "if = deal.title matches \"^http \"\n"
    "[then http]\n"
    "url = @PORTAL@/control\n"
    "body = {\"do\":\"put\",\"what\":\"note\",\"row\":{\"title\":\"http {{deal.id}}\"}}\n";

/* A deed shows as a row whose text at `path` is `prefix` and the deal's id; with `also` that member
 * is `is`. Without a prefix the row is the deal's own (id at `path`). */
static const struct deed {
    const char *kind;
    int step;
    const char *table, *path, *prefix;
    const char *also, *is; /* NULL: nothing; is NULL: the deal's id */
    int times;             /* rows that there have to be */
    bool blind;            /* nothing to look at: a run may park here */
} deeds[] = {
    {"words", 0, "comment", "COMMENT", "comment ", NULL, NULL, 1, false},
    {"words", 1, "todo", "SUBJECT", "todo ", NULL, NULL, 1, false},
    {"words", 3, "comment", "COMMENT", "later ", NULL, NULL, 1, false},
    {"twice", 1, "comment", "COMMENT", "twice ", NULL, NULL, 2, false},
    {"twice", 3, "todo", "SUBJECT", "again ", NULL, NULL, 2, false},
    {"tasks", 0, "task", "TITLE", "task ", NULL, NULL, 1, false},
    {"tasks", 0, "checklist", "TITLE", "item ", NULL, NULL, 1, false},
    {"tasks", 1, "task", "TITLE", "task ", "STATUS", "5", 1, false},
    {"changes", 0, "deal", "id", "", "opportunity", NULL, 1, false},
    {"changes", 1, "deal", "id", "", "assignedById", "6", 1, false},
    {"changes", 2, "deal", "id", "", "stageId", "C1:UC_OFFER", 1, false},
    {"makes", 0, "contact", "lastName", "contact ", NULL, NULL, 1, false},
    {"makes", 1, "dynamic_147", "title", "shipping ", NULL, NULL, 1, false},
    {"makes", 2, "deal", "comments", "classic ", NULL, NULL, 1, false},
    {"makes", 3, "document", "entityId", "", NULL, NULL, 1, false},
    {"makes", 4, "activity", "SUBJECT", "call ", NULL, NULL, 1, false},
    {"notify", 0, "notify", "MESSAGE", "notify ", NULL, NULL, 1, false},
    {"chat", 0, "message", "MESSAGE", "chat ", NULL, NULL, 1, true},
    {"chat", 1, "comment", "COMMENT", "behind ", NULL, NULL, 1, false},
    {"workflow", 0, "workflow", "DOCUMENT_ID.2", "DEAL_", NULL, NULL, 1, true},
    {"trigger", 0, "trigger", "TARGET", "DEAL_", NULL, NULL, 1, true},
    {"http", 0, "note", "title", "http ", NULL, NULL, 1, true},
};

enum { DEEDS = sizeof deeds / sizeof deeds[0], NOT_ENDED = 0 };

static const char *const kinds[] = {"words",  "twice", "tasks",    "changes", "makes",
                                    "notify", "chat",  "workflow", "trigger", "http"};
enum { KINDS = sizeof kinds / sizeof kinds[0] };

const char *const tally_tables[] = {"comment", "todo",     "task",        "checklist", "deal",
                                    "contact", "activity", "dynamic_147", "document",  "notify",
                                    "message", "workflow", "trigger",     "note",      NULL};

struct line {
    int64_t id;
    size_t kind;
    int rows[DEEDS];
    int state, step; /* of a run that did not come to its good end */
    char reason[160];
};

struct tally {
    struct line *lines; /* by id, which only grows */
    size_t count, capacity;
};

size_t tally_kinds(void)
{
    return KINDS;
}

const char *tally_kind(size_t kind)
{
    return kinds[kind];
}

int tally_deeds_of(size_t kind)
{
    int count = 0;
    for (size_t i = 0; i < DEEDS; i++)
        count += strcmp(deeds[i].kind, kinds[kind]) == 0 ? deeds[i].times : 0;
    return count;
}

struct tally *tally_new(void)
{
    struct tally *t = mem_alloc(sizeof *t);
    *t = (struct tally){0};
    return t;
}

void tally_free(struct tally *t)
{
    mem_free(t->lines);
    mem_free(t);
}

void tally_add_deal(struct tally *t, int64_t id, size_t kind)
{
    if (t->count == t->capacity) {
        t->capacity = t->capacity * 2 + 256;
        t->lines = mem_grow(t->lines, t->capacity, sizeof *t->lines);
    }
    t->lines[t->count++] = (struct line){.id = id, .kind = kind};
}

static int by_id(const void *a, const void *b)
{
    int64_t x = ((const struct line *)a)->id, y = ((const struct line *)b)->id;
    return (x > y) - (x < y);
}

static struct line *find(const struct tally *t, int64_t id)
{
    const struct line key = {.id = id};
    return t->count == 0 ? NULL : bsearch(&key, t->lines, t->count, sizeof key, by_id);
}

static int64_t deal_of(const struct deed *deed, const json_t *row)
{
    char *text = jv_print_new(jv_at(row, deed->path));
    size_t size = strlen(deed->prefix);
    int64_t id = strncmp(text, deed->prefix, size) == 0 ? strtoll(text + size, NULL, 10) : 0;
    mem_free(text);
    if (deed->also == NULL || id == 0)
        return id;
    JV_AUTO *wanted = deed->is != NULL ? json_string(deed->is) : json_integer(id);
    return jv_same(json_object_get(row, deed->also), wanted) ? id : 0;
}

void tally_add_rows(struct tally *t, const char *table, const json_t *rows)
{
    size_t i;
    json_t *row;
    json_array_foreach (rows, i, row)
        for (size_t d = 0; d < DEEDS; d++) {
            if (strcmp(deeds[d].table, table) != 0)
                continue;
            struct line *line = find(t, deal_of(&deeds[d], row));
            if (line != NULL && strcmp(deeds[d].kind, kinds[line->kind]) == 0)
                line->rows[d]++;
        }
}

void tally_add_end(struct tally *t, int64_t id, int state, int step, const char *reason)
{
    struct line *line = find(t, id);
    if (line == NULL)
        return;
    line->state = state;
    line->step = step;
    (void)snprintf(line->reason, sizeof line->reason, "%s", reason);
}

/* ---- the sum --------------------------------------------------------------------------------- */

static void complain(struct tally_sums *s, const struct line *line, const struct deed *deed,
                     const char *what)
{
    if (s->first[0] == '\0')
        (void)snprintf(s->first, sizeof s->first,
                       "deal %" PRId64 " (%s): %s: \"%s%" PRId64 "\" in table %s%s%s", line->id,
                       deed->kind, what, deed->prefix, line->id, deed->table,
                       line->reason[0] != '\0' ? "; " : "", line->reason);
}

static void sum_parked(struct tally_sums *s, const struct line *line, const struct deed *deed,
                       int rows)
{
    s->parked_done += rows == 1;
    s->parked_not += rows == 0;
    if (deed->blind && line->state == RUN_PARKED)
        return;
    s->wrongly++;
    complain(s, line, deed, run_state_word((enum run_state)line->state));
}

static void sum_deed(struct tally_sums *s, const struct line *line, size_t d)
{
    const struct deed *deed = &deeds[d];
    int rows = line->rows[d];
    bool stopped = line->state != NOT_ENDED;
    s->expected += deed->times;
    s->there += rows < deed->times ? rows : deed->times;
    if (stopped && deed->step == line->step)
        sum_parked(s, line, deed, rows);
    else if (stopped && deed->step > line->step)
        s->kept_back += deed->times;
    else if (rows < deed->times) {
        s->missing += deed->times - rows;
        complain(s, line, deed, "missing");
    }
    int most = stopped && deed->step > line->step ? 0 : deed->times;
    if (rows > most) {
        s->doubled += rows - most;
        complain(s, line, deed, "doubled");
    }
}

struct tally_sums tally_sum(const struct tally *t)
{
    struct tally_sums s = {0};
    for (size_t i = 0; i < t->count; i++) {
        s.parked += t->lines[i].state != NOT_ENDED;
        for (size_t d = 0; d < DEEDS; d++)
            if (strcmp(deeds[d].kind, kinds[t->lines[i].kind]) == 0)
                sum_deed(&s, &t->lines[i], d);
    }
    return s;
}

json_t *tally_parked(const struct tally *t)
{
    json_t *ret = json_object();
    for (size_t i = 0; i < t->count; i++) {
        const char *kind = kinds[t->lines[i].kind];
        if (t->lines[i].state != NOT_ENDED)
            (void)json_object_set_new(ret, kind, json_integer(jv_int(ret, kind, 0) + 1));
    }
    return ret;
}
