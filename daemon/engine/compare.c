#include "daemon/engine/compare.h"

#include <stdio.h>
#include <string.h>

#include "common/buf.h"
#include "common/jv.h"
#include "common/mem.h"
#include "common/utf8.h"

enum { KEPT_VALUE = 1024, SAID_LETTERS = 60 };

static void keep_member(json_t *kept, const json_t *record, const char *name)
{
    json_t *value = json_object_get(record, name);
    if (value == NULL)
        return;
    char *text = jv_dump_new(value);
    if (strlen(text) <= KEPT_VALUE)
        json_object_set(kept, name, value);
    mem_free(text);
}

json_t *compare_keep(const json_t *record, const struct watched *watched)
{
    json_t *kept = json_object();
    bool all = watched != NULL && json_array_size(watched->unsolved) > 0;
    if (all)
        for (void *i = json_object_iter(jv_loose(record)); i != NULL;
             i = json_object_iter_next(jv_loose(record), i))
            keep_member(kept, record, json_object_iter_key(i));
    for (size_t i = 0; !all && watched != NULL && i < json_array_size(watched->fields); i++)
        keep_member(kept, record, json_string_value(json_array_get(watched->fields, i)));
    return kept;
}

json_t *compare_fields(const json_t *old, const json_t *now)
{
    json_t *differences = json_object();
    for (void *i = json_object_iter(jv_loose(old)); i != NULL;
         i = json_object_iter_next(jv_loose(old), i)) {
        const char *name = json_object_iter_key(i);
        json_t *before = json_object_iter_value(i);
        json_t *after = json_object_get(now, name);
        if (after != NULL && !jv_same(before, after))
            json_object_set_new(differences, name, json_pack("[O, O]", before, after));
    }
    return differences;
}

static void say_value(struct buf *b, const json_t *value)
{
    char *text = jv_print_new(value);
    size_t shown = utf8_prefix(text, SAID_LETTERS);
    buf_printf(b, "%.*s%s", (int)shown, text, text[shown] != '\0' ? "…" : "");
    if (text[0] == '\0')
        buf_text(b, "(empty)");
    mem_free(text);
}

void compare_say(const json_t *differences, char *out, size_t size)
{
    struct buf b BUF_AUTO;
    buf_init(&b, size - 1);
    const char *name;
    json_t *pair;
    json_t *object = json_incref(jv_loose(differences));
    json_object_foreach (object, name, pair) {
        buf_printf(&b, "%s%s: ", b.size > 0 ? ", " : "", name);
        say_value(&b, json_array_get(pair, 0));
        buf_text(&b, " → ");
        say_value(&b, json_array_get(pair, 1));
    }
    json_decref(object);
    (void)snprintf(out, size, "%s", b.data);
}

/* When there is no more room the last passage goes on to where the others lead: where the entity is
 * now is entered in any case. */
static void passage_add(struct passage *ret, size_t most, size_t *count, const char *from,
                        const char *to, int64_t at_ms)
{
    if (strcmp(from, to) == 0)
        return;
    bool full = *count >= most;
    struct passage *p = &ret[full ? most - 1 : (*count)++];
    if (!full)
        (void)snprintf(p->from, sizeof p->from, "%s", from);
    (void)snprintf(p->to, sizeof p->to, "%s", to);
    p->at_ms = at_ms;
}

size_t compare_passages(const json_t *history, const char *old_stage, const char *now_stage,
                        bool added, int64_t since_ms, int64_t now_ms, struct passage *ret,
                        size_t most)
{
    size_t count = 0;
    char at[64];
    (void)snprintf(at, sizeof at, "%s", old_stage != NULL ? old_stage : "");
    /* Nothing is known of where an entity was that was neither seen nor created just now: a passage
     * begins only where the history says so. */
    bool known = old_stage != NULL || added;
    size_t i;
    json_t *row;
    json_array_foreach (history, i, row) {
        const char *stage = jv_text(row, "stage", "");
        bool fresh = old_stage != NULL || added || jv_int(row, "time_ms", 0) >= since_ms;
        if (fresh && (known || i == 0 || at[0] != '\0')) {
            passage_add(ret, most, &count, at, stage, jv_int(row, "time_ms", now_ms));
            known = true;
        }
        (void)snprintf(at, sizeof at, "%s", stage);
    }
    if (known && now_stage != NULL && now_stage[0] != '\0')
        passage_add(ret, most, &count, at, now_stage, now_ms);
    return count;
}

int64_t compare_actor(const json_t *record, bool added, bool moved)
{
    int64_t actor = 0;
    if (added)
        actor = jv_int(record, "createdBy", 0);
    else if (moved)
        actor = jv_int(record, "movedBy", 0);
    return actor != 0 ? actor : jv_int(record, "updatedBy", 0);
}
