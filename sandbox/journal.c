#include "sandbox/journal.h"

#include <strings.h>

#include "common/jv.h"
#include "common/mem.h"

void journal_init(struct journal *journal)
{
    *journal = (struct journal){
        .refusals = json_object(), .methods = json_object(), .effects = json_array()};
}

void journal_done(struct journal *journal)
{
    json_decref(journal->refusals);
    json_decref(journal->methods);
    json_decref(journal->effects);
    *journal = (struct journal){0};
}

static void count_up(json_t *counters, const char *name)
{
    json_int_t count = json_integer_value(json_object_get(counters, name));
    json_object_set_new(counters, name, json_integer(count + 1));
}

void journal_batch(struct journal *journal, size_t size)
{
    journal->batches++;
    if ((int64_t)size > journal->max_batch)
        journal->max_batch = (int64_t)size;
}

void journal_refusal(struct journal *journal, const json_t *code)
{
    char *text = jv_print_new(code);
    count_up(journal->refusals, text);
    mem_free(text);
}

void journal_command(struct journal *journal, const char *method)
{
    journal->commands++;
    count_up(journal->methods, method);
}

void journal_effect(struct journal *journal, json_t *time, const char *method, const json_t *params,
                    const json_t *result)
{
    if (json_array_size(journal->effects) >= JOURNAL_MOST_EFFECTS)
        json_array_remove(journal->effects, 0);
    json_array_append_new(journal->effects,
                          json_pack("{sI so ss so so}", "n", (json_int_t)++journal->last_effect,
                                    "time", time, "method", method, "params",
                                    json_deep_copy(params), "result", json_deep_copy(result)));
}

static bool has_all(const json_t *params, const json_t *where)
{
    const char *path;
    json_t *wanted;
    json_object_foreach (jv_loose(where), path, wanted)
        if (!jv_same(jv_at(params, path), wanted))
            return false;
    return true;
}

int64_t journal_count(const struct journal *journal, const char *method, const json_t *where)
{
    int64_t count = 0;
    const json_t *effect;
    size_t i;
    json_array_foreach (journal->effects, i, effect) {
        bool named = method == NULL || strcasecmp(jv_text(effect, "method", ""), method) == 0;
        count += named && has_all(json_object_get(effect, "params"), where);
    }
    return count;
}
