#include "daemon/rules/titles.h"

#include <inttypes.h>
#include <string.h>

#include "common/jv.h"
#include "common/mem.h"
#include "common/utf8.h"
#include "daemon/rules/ruleset.h"

/* Counted downwards from here; entityTypeIds are four digits long. */
enum { STAND_IN = INT32_MAX - 1 };

void titles_done(struct titles *titles)
{
    for (size_t i = 0; i < titles->unknown_count; i++)
        mem_free(titles->unknown[i]);
    mem_free(titles->unknown);
    for (size_t i = 0; i < titles->used_count; i++)
        mem_free(titles->used[i].title);
    mem_free(titles->used);
    *titles = (struct titles){0};
}

static void note_used(struct titles *titles, const char *title, int type)
{
    if (titles_used(titles, type) != NULL)
        return;
    titles->used = mem_grow(titles->used, titles->used_count + 1, sizeof *titles->used);
    titles->used[titles->used_count++] =
        (struct title_used){.title = mem_strdup(title), .type = type};
}

static int stand_in(struct titles *titles, const char *title)
{
    size_t i = 0;
    while (i < titles->unknown_count && !utf8_same(titles->unknown[i], title))
        i++;
    if (i == titles->unknown_count) {
        titles->unknown = mem_grow(titles->unknown, i + 1, sizeof *titles->unknown);
        titles->unknown[titles->unknown_count++] = mem_strdup(title);
    }
    return STAND_IN - (int)i;
}

bool titles_type(struct titles *titles, const char *title, int *ret, struct err *err)
{
    const json_t *found = NULL;
    size_t i;
    json_t *row;
    json_array_foreach (jv_loose(titles->known), i, row) {
        if (!utf8_same(jv_text(row, "title", ""), title))
            continue;
        if (found != NULL && jv_int(found, "id", 0) != jv_int(row, "id", 0))
            return err_set(err,
                           "two smart processes are called \"%s\": %" PRId64 " on portal %s and "
                           "%" PRId64 " on portal %s; write the number",
                           title, jv_int(found, "id", 0), jv_text(found, "portal", "?"),
                           jv_int(row, "id", 0), jv_text(row, "portal", "?"));
        found = row;
    }
    *ret = found != NULL ? (int)jv_int(found, "id", 0) : stand_in(titles, title);
    if (found != NULL)
        note_used(titles, title, *ret);
    return true;
}

const char *titles_used(const struct titles *titles, int type)
{
    for (size_t i = 0; i < titles->used_count; i++)
        if (titles->used[i].type == type)
            return titles->used[i].title;
    return NULL;
}

const char *titles_unknown(const struct titles *titles, int type)
{
    if (type > STAND_IN || type <= STAND_IN - (int)titles->unknown_count)
        return NULL;
    return titles->unknown[STAND_IN - type];
}

const char *titles_missing(const struct titles *titles, const struct rule *rule)
{
    const char *missing = titles_unknown(titles, rule->entity_type);
    for (size_t i = 0; missing == NULL && i < rule->step_count; i++)
        missing = titles_unknown(titles, rule->steps[i].fields_of);
    return missing;
}
