/* Paths and comparisons of rules, tried without a record: names, and values by the fields' types.
 */

#include "daemon/rules/names_parts.h"

#include <stdio.h>
#include <string.h>

#include "common/jv.h"
#include "common/zone.h"
#include "daemon/rules/expr_tree.h"
#include "daemon/rules/fieldvalue.h"
#include "daemon/rules/literal.h"
#include "daemon/rules/stagename.h"
#include "daemon/rules/who.h"

/* ---- paths ----------------------------------------------------------------------------------- */

/* The kind that a path begins with; ENTITY_NONE: what it leads to is known at run time only. */
static int kind_of_head(const struct scope *scope, const char *head)
{
    const struct entity_kind *own = entity_kind_of(scope->entity_type);
    if (own == NULL)
        return ENTITY_NONE;
    bool past = strcmp(head, "old") == 0 || strcmp(head, "start") == 0;
    if (strcmp(head, "actor") == 0)
        return ENTITY_USER;
    return past || strcmp(head, own->word) == 0 ? scope->entity_type : ENTITY_NONE;
}

static bool is_id(const struct path_part *part)
{
    return !part->quoted && (strcmp(part->text, "id") == 0 || strcmp(part->text, "ID") == 0);
}

enum known names_path(struct scope *scope, const struct path *path, struct field_info *ret)
{
    int type = kind_of_head(scope, path->parts[0].text);
    bool user = type == ENTITY_USER && path->count == 1;
    *ret = (struct field_info){.to = user ? ENTITY_USER : ENTITY_NONE};
    for (int i = 1; i < path->count && type != ENTITY_NONE && type != ENTITY_USER; i++) {
        const struct path_part *part = &path->parts[i];
        if (is_id(part)) {
            *ret = (struct field_info){.type = type};
            return KNOWN;
        }
        enum known known = field_describe(scope, type, part, ret);
        if (known == KNOWN)
            known = field_learn(scope, ret);
        if (known != KNOWN)
            return known;
        type = ret->to;
        if (i + 1 < path->count && type == ENTITY_NONE)
            return scope_bad(scope, "\"%s\" leads nowhere, it has no \"%s\"", part->text,
                             path->parts[i + 1].text);
        if (i + 1 < path->count)
            *ret = (struct field_info){0};
    }
    return KNOWN;
}

/* ---- values beside fields -------------------------------------------------------------------- */

/* A path with a label in it has quotes of its own. */
static enum known path_bad(struct scope *scope, const struct path *path, const char *text)
{
    const char *quote = strchr(path->text, '"') == NULL ? "\"" : "";
    return scope_bad(scope, "%s%s%s %s", quote, path->text, quote, text);
}

static bool reads_as(const char *type, const char *text)
{
    JV_AUTO *value = NULL;
    JV_AUTO *spec = json_pack("{s:s}", "type", type);
    const struct field_info info = {.spec = spec};
    struct err err = {0};
    return field_value_read(&info, text, &value, &err);
}

static bool fits(const struct scope *scope, enum field_kind kind, const struct operand *o)
{
    bool flag;
    int64_t at_ms;
    if (o->text[0] == '\0') /* the empty value */
        return true;
    switch (kind) {
    case FIELD_IS_ANY:
        return true;
    case FIELD_IS_NUMBER:
        return o->kind != OPERAND_MOMENT &&
               (reads_as("double", o->text) || reads_as("money", o->text));
    case FIELD_IS_FLAG:
        return o->kind != OPERAND_MOMENT && field_value_flag(o->text, &flag);
    case FIELD_IS_DATE:
        return o->kind == OPERAND_MOMENT ||
               (o->kind != OPERAND_NUMBER && zone_parse_iso(scope->env->zone, o->text, &at_ms));
    case FIELD_IS_LINK:
        return o->kind != OPERAND_MOMENT && reads_as("crm", o->text);
    case FIELD_IS_FILE:
        return false;
    }
    return true;
}

static enum known check_kind(struct scope *scope, const struct path *path,
                             const struct field_info *info, const struct operand *o)
{
    char text[400];
    enum field_kind kind = field_kind(info);
    if (fits(scope, kind, o))
        return KNOWN;
    if (kind == FIELD_IS_FILE)
        return path_bad(scope, path, "is a file; it can be empty or not, and nothing else");
    (void)snprintf(text, sizeof text, "is %s, and \"%s\" is not", field_kind_word(kind), o->text);
    return path_bad(scope, path, text);
}

/* C5:NEW, bare or in quotes, has to be a stage of that kind. */
static enum known check_stage(struct scope *scope, const struct field_info *info,
                              const struct operand *o)
{
    char id[96];
    int64_t category;
    if (info->leads != FIELD_STAGE || o->kind != OPERAND_WORD || o->text[0] == '@')
        return KNOWN;
    return scope_stage(scope, info->type, o->text, id, &category);
}

/* WEB beside a source, 45 beside a list or a funnel have to be one; and so has what is to be a
 * member of a list. */
static enum known check_id(struct scope *scope, const struct field_info *info,
                           const struct operand *o, enum pairing pairing)
{
    JV_AUTO *id = NULL;
    bool bare = o->kind == OPERAND_WORD || o->kind == OPERAND_NUMBER;
    bool member = pairing == PAIR_CONTAINS && info->many && o->text[0] != '\0';
    if (field_is_list(info) && (bare || member))
        return field_option_id(scope, info, o->text, &id);
    if (info->leads == FIELD_FUNNEL && bare)
        return funnel_id(scope, info->type, o->text, &id);
    return KNOWN;
}

/* Which of two stages or users is less? */
static enum known check_order(struct scope *scope, const struct path *path,
                              const struct field_info *info, enum pairing pairing)
{
    bool name = info->leads == FIELD_STAGE || info->leads == FIELD_FUNNEL ||
                info->to != ENTITY_NONE || field_is_list(info);
    return pairing == PAIR_ORDER && name
               ? path_bad(scope, path, "has no order; compare it by =, != or in")
               : KNOWN;
}

/* A number beside a date, and the like. */
static enum known check_other(struct scope *scope, const struct path *path,
                              const struct field_info *info, const struct path *other)
{
    char text[400];
    struct field_info others;
    enum known known = names_path(scope, other, &others);
    enum field_kind kind = field_kind(info), is = field_kind(&others);
    if (known != KNOWN || kind == is || kind == FIELD_IS_ANY || is == FIELD_IS_ANY)
        return known;
    (void)snprintf(text, sizeof text, "is %s, and %s is %s", field_kind_word(kind), other->text,
                   field_kind_word(is));
    return path_bad(scope, path, text);
}

static enum known check_literal(struct scope *scope, const struct path *path,
                                const struct field_info *info, const struct operand *o,
                                enum pairing pairing)
{
    struct seen seen = {.field = *info, .value = json_null()};
    struct pair pair;
    if (o->kind == OPERAND_PATH)
        return pairing == PAIR_CONTAINS ? names_path(scope, &o->path, &seen.field)
                                        : check_other(scope, path, info, &o->path);
    enum known parts[] = {check_stage(scope, info, o), check_id(scope, info, o, pairing),
                          check_order(scope, path, info, pairing),
                          pairing == PAIR_CONTAINS ? KNOWN : check_kind(scope, path, info, o),
                          pair_literal(scope, &seen, o, pairing, &pair)};
    enum known all = KNOWN;
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
        all = all == KNOWN_BAD || parts[i] == KNOWN ? all : parts[i];
    if (parts[sizeof parts / sizeof parts[0] - 1] == KNOWN)
        pair_done(&pair);
    return all;
}

static enum pairing pairing_of(enum compare_op op)
{
    if (op == OP_CONTAINS || op == OP_MATCHES)
        return PAIR_CONTAINS;
    return op == OP_EQUAL || op == OP_UNEQUAL || op == OP_IN || op == OP_NOT_IN ? PAIR_EXACT
                                                                                : PAIR_ORDER;
}

/* The path of the two sides, and what stands beside it: 1000 < deal.opportunity. */
static bool turn(const struct comparison *c, const struct operand **ret_path,
                 struct operand *const **ret_others)
{
    bool turned = c->left->kind != OPERAND_PATH;
    *ret_path = turned && c->right_count == 1 ? c->rights[0] : c->left;
    *ret_others = turned ? &c->left : c->rights;
    return (*ret_path)->kind == OPERAND_PATH;
}

enum known names_try_comparison(struct trial *t)
{
    const struct comparison *c = t->what;
    const struct operand *path;
    struct operand *const *others;
    struct field_info info;
    if (!turn(c, &path, &others))
        return KNOWN;
    enum known known = names_path(&t->scope, &path->path, &info);
    if (known != KNOWN || c->op == OP_MATCHES)
        return known;
    for (size_t i = 0; i < c->right_count && known == KNOWN; i++)
        known = check_literal(&t->scope, &path->path, &info, others[i], pairing_of(c->op));
    return known;
}

enum known names_try_change(struct trial *t)
{
    const struct trigger *trigger = t->what;
    const struct operand *values[] = {trigger->from, trigger->to};
    struct field_info info;
    enum known known = names_path(&t->scope, &trigger->field, &info);
    for (size_t i = 0; i < 2 && known == KNOWN; i++)
        if (values[i] != NULL)
            known = check_literal(&t->scope, &trigger->field, &info, values[i], PAIR_EXACT);
    return known;
}
