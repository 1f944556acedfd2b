#include "daemon/engine/tally.h"

#include <stdatomic.h>

#include "common/jv.h"
#include "common/mem.h"

struct row {
    atomic_llong counts[TALLY_WHATS];
};

struct tally {
    const struct ruleset *rules;
    size_t named;     /* rows by name */
    struct row *rows; /* owned; the last is of all others */
};

static const char *const words[TALLY_WHATS] = {
    [TALLY_FIRED] = "fired",
    [TALLY_SKIPPED] = "skipped",
    [TALLY_FAILED] = "failed",
    [TALLY_PARKED] = "parked",
};

struct tally *tally_new(const struct ruleset *rules)
{
    struct tally *t = mem_alloc(sizeof *t);
    t->rules = rules;
    t->named = rules->count < TALLY_RULES ? rules->count : TALLY_RULES;
    t->rows = mem_array(t->named + 1, sizeof *t->rows);
    return t;
}

void tally_free(struct tally *t)
{
    if (t == NULL)
        return;
    mem_free(t->rows);
    mem_free(t);
}

void tally_add(struct tally *t, const struct rule *rule, enum tally_what what)
{
    size_t row = rule != NULL ? (size_t)(rule - t->rules->rules) : t->named;
    if (row > t->named)
        row = t->named;
    atomic_fetch_add_explicit(&t->rows[row].counts[what], 1, memory_order_relaxed);
}

static json_t *print_row(const struct row *row, const char *name)
{
    json_t *printed = json_pack("{s:o}", "rule", jv_string_new(name));
    for (int what = 0; what < TALLY_WHATS; what++)
        (void)json_object_set_new(printed, words[what],
                                  json_integer((json_int_t)atomic_load(&row->counts[what])));
    return printed;
}

json_t *tally_print(const struct tally *t)
{
    json_t *rows = json_array();
    for (size_t i = 0; i < t->named; i++)
        json_array_append_new(rows, print_row(&t->rows[i], t->rules->rules[i].name));
    if (t->named < t->rules->count)
        json_array_append_new(rows, print_row(&t->rows[t->named], "other"));
    return rows;
}
