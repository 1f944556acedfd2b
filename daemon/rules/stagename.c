#include "daemon/rules/stagename.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/jv.h"
#include "common/mem.h"
#include "common/number.h"
#include "common/utf8.h"
#include "daemon/model/need.h"
#include "daemon/rules/candidates.h"

static const char separator[] = " / ";

static enum known stages_fact(struct scope *scope, int type, const json_t **ret)
{
    char argument[16], need[NEED_SIZE];
    (void)snprintf(argument, sizeof argument, "%d", type);
    need_print(NEED_STAGES, argument, need);
    return scope_fact(scope, need, ret);
}

static const json_t *find_by_text(const json_t *list, const char *member, const char *text)
{
    size_t i;
    json_t *entry;
    json_array_foreach (jv_loose(list), i, entry)
        if (strcmp(jv_text(entry, member, ""), text) == 0)
            return entry;
    return NULL;
}

static const json_t *funnel_by_id(const json_t *fact, int64_t id)
{
    size_t i;
    json_t *funnel;
    json_array_foreach (jv_at(fact, "funnels"), i, funnel)
        if (jv_int(funnel, "id", -1) == id)
            return funnel;
    return NULL;
}

/* The stage of that name in that funnel; category -1: stages without a funnel, and those of the
 * only one. */
static const json_t *stage_in(const json_t *stages, int64_t category, const char *name)
{
    size_t i;
    json_t *stage;
    json_array_foreach (jv_loose(stages), i, stage)
        if ((category < 0 || jv_int(stage, "category", -1) == category) &&
            utf8_same(jv_text(stage, "name", ""), name))
            return stage;
    return NULL;
}

static const json_t *funnel_by_name(const json_t *funnels, const char *name, size_t length)
{
    char *wanted = mem_strndup(name, length);
    const json_t *found = NULL;
    size_t i;
    json_t *funnel;
    json_array_foreach (jv_loose(funnels), i, funnel)
        if (found == NULL && utf8_same(jv_text(funnel, "name", ""), wanted))
            found = funnel;
    mem_free(wanted);
    return found;
}

/* "Funnel / Stage": names may hold the separator themselves, so every one is tried. *ret_funnel is
 * the funnel found, even when the stage is not. */
static const json_t *stage_by_both(const json_t *fact, const char *text, const json_t **ret_funnel,
                                   const char **ret_rest)
{
    const json_t *funnels = jv_at(fact, "funnels");
    *ret_funnel = NULL;
    for (const char *at = strstr(text, separator); at != NULL; at = strstr(at + 1, separator)) {
        const json_t *funnel = funnel_by_name(funnels, text, (size_t)(at - text));
        if (funnel == NULL)
            continue;
        *ret_funnel = funnel;
        *ret_rest = at + strlen(separator);
        const json_t *stage = stage_in(jv_at(fact, "stages"), jv_int(funnel, "id", -1), *ret_rest);
        if (stage != NULL)
            return stage;
    }
    return NULL;
}

/* Another entry of that name (and funnel, unless -1): names are people's, and may repeat. */
static const json_t *twin_of(const json_t *list, const json_t *found, int64_t category)
{
    size_t i;
    json_t *entry;
    json_array_foreach (jv_loose(list), i, entry)
        if (entry != found && (category < 0 || jv_int(entry, "category", -1) == category) &&
            utf8_same(jv_text(entry, "name", ""), jv_text(found, "name", "")))
            return entry;
    return NULL;
}

/* Is the name of that stage, or of its funnel, borne by two? */
static enum known check_twins(struct scope *scope, const json_t *fact, const json_t *stage,
                              const json_t *funnel)
{
    int64_t category = jv_int(stage, "category", -1);
    const json_t *twin = twin_of(jv_at(fact, "stages"), stage, category);
    const json_t *other = funnel != NULL ? twin_of(jv_at(fact, "funnels"), funnel, -1) : NULL;
    if (other != NULL)
        return scope_bad(
            scope,
            "two funnels are called \"%s\": %" PRId64 " and %" PRId64 "; write the stage's id",
            jv_text(funnel, "name", ""), jv_int(funnel, "id", 0), jv_int(other, "id", 0));
    if (twin != NULL)
        return scope_bad(scope, "two stages are called \"%s\": %s and %s; write one of these ids",
                         jv_text(stage, "name", ""), jv_text(stage, "id", ""),
                         jv_text(twin, "id", ""));
    return KNOWN;
}

static enum known unknown_funnel(struct scope *scope, const json_t *fact, const char *text)
{
    struct candidates funnels = {0};
    candidates_add_rows(&funnels, jv_at(fact, "funnels"), "name");
    return candidates_bad(scope, &funnels, text, "unknown funnel \"%s\"", text);
}

/* "C5:NEV", or the name of a kind without funnels. */
static enum known unknown_alone(struct scope *scope, const json_t *fact, const char *text)
{
    struct candidates stages = {0};
    const char *member = strchr(text, ':') != NULL ? "id" : "name";
    candidates_add_rows(&stages, jv_at(fact, "stages"), member);
    return candidates_bad(scope, &stages, text, "unknown stage \"%s\"", text);
}

/* `name` is no stage of that funnel; perhaps of another one. */
static enum known unknown_there(struct scope *scope, const json_t *fact, const json_t *funnel,
                                const char *name)
{
    const json_t *stages = jv_at(fact, "stages");
    char *before = mem_printf("%s%s", jv_text(funnel, "name", ""), separator);
    struct candidates own = {.before = before};
    const json_t *other = stage_in(stages, -1, name);
    size_t i;
    json_t *stage;
    json_array_foreach (jv_loose(stages), i, stage)
        if (jv_int(stage, "category", -1) == jv_int(funnel, "id", -1))
            candidates_add(&own, jv_text(stage, "name", ""));
    enum known known =
        candidates_bad(scope, &own, name, "unknown stage \"%s\" in funnel \"%s\"%s%s%s", name,
                       jv_text(funnel, "name", ""), other != NULL ? ", it is one of \"" : "",
                       jv_text(funnel_by_id(fact, jv_int(other, "category", -1)), "name", ""),
                       other != NULL ? "\"" : "");
    mem_free(before);
    return known;
}

static enum known unknown_stage(struct scope *scope, const json_t *fact, const char *text,
                                const json_t *funnel, const char *rest)
{
    const char *first = strstr(text, separator);
    if (funnel != NULL)
        return unknown_there(scope, fact, funnel, rest);
    if (first == NULL || json_array_size(jv_at(fact, "funnels")) == 0)
        return unknown_alone(scope, fact, text);
    char *wrong = mem_strndup(text, (size_t)(first - text));
    enum known known = unknown_funnel(scope, fact, wrong);
    mem_free(wrong);
    return known;
}

static enum known stage_in_fact(struct scope *scope, const json_t *fact, const char *text,
                                const json_t **ret)
{
    const json_t *stages = jv_at(fact, "stages"), *funnel;
    const char *rest = NULL;
    bool several = json_array_size(jv_at(fact, "funnels")) > 1;
    *ret = find_by_text(stages, "id", text);
    if (*ret != NULL)
        return KNOWN;
    *ret = stage_by_both(fact, text, &funnel, &rest);
    if (*ret != NULL)
        return check_twins(scope, fact, *ret, funnel);
    const json_t *found = stage_in(stages, -1, text);
    if (found != NULL && several) {
        return scope_bad(scope,
                         "\"%s\" is a stage's name alone, and there are several funnels; "
                         "write \"Funnel / %s\"",
                         text, text);
    }
    *ret = found;
    return found != NULL ? check_twins(scope, fact, found, NULL)
                         : unknown_stage(scope, fact, text, funnel, rest);
}

enum known scope_stage(struct scope *scope, int entity_type, const char *text, char out_stage[96],
                       int64_t *ret_category)
{
    const json_t *fact, *stage = scope_pin(scope, "stage", entity_type, text);
    enum known known = stage != NULL ? KNOWN : stages_fact(scope, entity_type, &fact);
    if (known == KNOWN && stage == NULL)
        known = stage_in_fact(scope, fact, text, &stage);
    if (known != KNOWN)
        return known;
    (void)snprintf(out_stage, 96, "%s", jv_text(stage, "id", ""));
    *ret_category = jv_int(stage, "category", -1);
    if (strcmp(out_stage, text) != 0)
        scope_pin_note(
            scope, "stage", entity_type, text,
            json_pack("{s:s, s:I}", "id", out_stage, "category", (json_int_t)*ret_category));
    return KNOWN;
}

enum known scope_semantic(struct scope *scope, int entity_type, const char *stage, char *ret)
{
    const json_t *fact;
    enum known known = stages_fact(scope, entity_type, &fact);
    if (known == KNOWN) {
        const char *text =
            jv_text(find_by_text(jv_at(fact, "stages"), "id", stage), "semantic", "");
        *ret = text[0] != '\0' ? text[0] : '?';
    }
    return known;
}

enum known stage_name(struct scope *scope, int entity_type, const char *id, const char **ret)
{
    const json_t *fact;
    enum known known = stages_fact(scope, entity_type, &fact);
    if (known == KNOWN)
        *ret = jv_text(find_by_text(jv_at(fact, "stages"), "id", id), "name", NULL);
    return known;
}

/* A number is one already, and needs no portal but where names are tried. */
static enum known numbered_funnel(struct scope *scope, int entity_type, int64_t id, json_t **ret)
{
    const json_t *fact = NULL;
    enum known known = scope_is_trial(scope) ? stages_fact(scope, entity_type, &fact) : KNOWN;
    if (known == KNOWN && fact != NULL && funnel_by_id(fact, id) == NULL)
        return scope_bad(scope, "there is no funnel %" PRId64, id);
    if (known == KNOWN)
        *ret = json_integer(id);
    return known;
}

enum known funnel_id(struct scope *scope, int entity_type, const char *text, json_t **ret)
{
    const json_t *fact;
    int64_t id;
    if (number_int(text, &id))
        return numbered_funnel(scope, entity_type, id, ret);
    const json_t *pin = scope_pin(scope, "funnel", entity_type, text);
    if (pin != NULL) {
        *ret = json_incref(jv_loose(pin));
        return KNOWN;
    }
    enum known known = stages_fact(scope, entity_type, &fact);
    if (known != KNOWN)
        return known;
    const json_t *funnel = funnel_by_name(jv_at(fact, "funnels"), text, strlen(text));
    if (funnel == NULL)
        return unknown_funnel(scope, fact, text);
    const json_t *twin = twin_of(jv_at(fact, "funnels"), funnel, -1);
    if (twin != NULL)
        return scope_bad(
            scope, "two funnels are called \"%s\": %" PRId64 " and %" PRId64 "; write the number",
            text, jv_int(funnel, "id", 0), jv_int(twin, "id", 0));
    *ret = json_integer(jv_int(funnel, "id", 0));
    scope_pin_note(scope, "funnel", entity_type, text, json_incref(*ret));
    return KNOWN;
}

enum known funnel_name(struct scope *scope, int entity_type, int64_t id, const char **ret)
{
    const json_t *fact;
    enum known known = stages_fact(scope, entity_type, &fact);
    if (known == KNOWN)
        *ret = jv_text(funnel_by_id(fact, id), "name", NULL);
    return known;
}

char stage_word_semantic(const char *word)
{
    static const struct {
        const char *word;
        char semantic;
    } rows[] = {{"@open", 'P'}, {"@won", 'S'}, {"@lost", 'F'}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (strcmp(word, rows[i].word) == 0)
            return rows[i].semantic;
    return '\0';
}
