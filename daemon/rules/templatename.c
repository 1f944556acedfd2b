/* Document templates by name, through the fact `templates:TYPE` (bitrix24.md §8.6). */

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/jv.h"
#include "common/mem.h"
#include "common/number.h"
#include "common/scan.h"
#include "common/utf8.h"
#include "daemon/model/need.h"
#include "daemon/rules/candidates.h"

static enum known templates_fact(struct scope *scope, int type, const json_t **ret)
{
    char argument[16], need[NEED_SIZE];
    (void)snprintf(argument, sizeof argument, "%d", type);
    need_print(NEED_TEMPLATES, argument, need);
    return scope_fact(scope, need, ret);
}

static enum known by_name(struct scope *scope, const json_t *list, const char *name, int64_t *ret)
{
    struct candidates candidates = {0};
    size_t i;
    json_t *row;
    *ret = 0;
    json_array_foreach (jv_loose(list), i, row) {
        if (!utf8_same(jv_text(row, "name", ""), name))
            continue;
        if (*ret != 0)
            return scope_bad(scope,
                             "two document templates are called \"%s\": %" PRId64 " and %" PRId64
                             "; write the number",
                             name, *ret, jv_int(row, "id", 0));
        *ret = jv_int(row, "id", 0);
    }
    candidates_add_rows(&candidates, list, "name");
    return *ret != 0 ? KNOWN
                     : candidates_bad(scope, &candidates, name,
                                      "no document template is called "
                                      "\"%s\"",
                                      name);
}

/* A number is one already, and needs no portal but where names are tried. */
static enum known by_number(struct scope *scope, int type, int64_t id)
{
    const json_t *list = NULL;
    size_t i;
    json_t *row;
    enum known known = scope_is_trial(scope) ? templates_fact(scope, type, &list) : KNOWN;
    if (known != KNOWN || list == NULL)
        return known;
    json_array_foreach (jv_loose(list), i, row)
        if (jv_int(row, "id", 0) == id)
            return KNOWN;
    return scope_bad(scope, "there is no document template %" PRId64 " for this kind of record",
                     id);
}

static enum known of_text(struct scope *scope, int type, const char *text, int64_t *ret)
{
    const json_t *list;
    if (number_int(text, ret))
        return by_number(scope, type, *ret);
    *ret = jv_int(scope_pin(scope, "template", type, text), "", 0);
    if (*ret > 0)
        return KNOWN;
    enum known known = templates_fact(scope, type, &list);
    if (known == KNOWN)
        known = by_name(scope, list, text, ret);
    if (known == KNOWN)
        scope_pin_note(scope, "template", type, text, json_integer(*ret));
    return known;
}

enum known scope_template(struct scope *scope, int entity_type, const char *text, int64_t *ret)
{
    char *bare = scan_bare_new(text, strlen(text));
    enum known known = of_text(scope, entity_type, bare, ret);
    mem_free(bare);
    return known;
}
