/* Paths and comparisons of rules, tried without a record: names, and values by the fields' types.
 */

#include "daemon/rules/names_parts.h"

#include <string.h>

#include "common/jv.h"
#include "common/number.h"
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
    return past || strcmp(head, own->word) == 0 ? scope->entity_type : ENTITY_NONE;
}

static bool is_id(const struct path_part *part)
{
    return !part->quoted && (strcmp(part->text, "id") == 0 || strcmp(part->text, "ID") == 0);
}

/* A field that the rule calls by a name of its own portal has to be there. */
static enum known check_custom(struct scope *scope, const struct field_info *info)
{
    bool custom = strncmp(info->name, "uf", 2) == 0;
    const struct entity_kind *kind = entity_kind_of(info->type);
    if (!custom || info->spec != NULL || kind == NULL || !kind->universal)
        return KNOWN;
    return scope_bad(scope, "%s has no field \"%s\"", kind->word, info->name);
}

enum known names_path(struct scope *scope, const struct path *path, struct field_info *ret)
{
    int type = kind_of_head(scope, path->parts[0].text);
    *ret = (struct field_info){0};
    for (int i = 1; i < path->count && type != ENTITY_NONE && type != ENTITY_USER; i++) {
        const struct path_part *part = &path->parts[i];
        if (is_id(part)) {
            *ret = (struct field_info){.type = type};
            return KNOWN;
        }
        enum known known = field_describe(scope, type, part, ret);
        if (known == KNOWN)
            known = field_learn(scope, ret);
        if (known == KNOWN)
            known = check_custom(scope, ret);
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

static bool is_money(const char *text)
{
    JV_AUTO *amount = NULL;
    struct field_info money = {0};
    struct err err = {0};
    JV_AUTO *spec = json_pack("{s:s}", "type", "money");
    money.spec = spec;
    return field_value_read(&money, text, &amount, &err);
}

static bool fits(const struct scope *scope, const char *kind, const struct operand *o)
{
    double number;
    bool flag;
    int64_t at_ms;
    switch (o->kind) {
    case OPERAND_PATH:
        return true;
    case OPERAND_MOMENT:
        return strcmp(kind, "a date") == 0;
    case OPERAND_NUMBER:
        if (strcmp(kind, "yes or no") == 0)
            return o->number == 0 || o->number == 1;
        return strcmp(kind, "a number") == 0;
    case OPERAND_WORD:
    case OPERAND_TEXT:
        break;
    }
    if (o->text[0] == '\0') /* the empty value */
        return true;
    if (strcmp(kind, "a number") == 0)
        return number_real(o->text, &number) || is_money(o->text);
    if (strcmp(kind, "yes or no") == 0)
        return field_value_flag(o->text, &flag);
    return zone_parse_iso(scope->env->zone, o->text, &at_ms);
}

static enum known check_kind(struct scope *scope, const struct path *path,
                             const struct field_info *info, const struct operand *o)
{
    const char *kind = field_value_kind(info);
    if (kind == NULL || fits(scope, kind, o))
        return KNOWN;
    return scope_bad(scope, "\"%s\" is %s, and \"%s\" is not", path->text, kind, o->text);
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

/* WEB beside a source has to be one. */
static enum known check_word(struct scope *scope, const struct field_info *info,
                             const struct operand *o)
{
    JV_AUTO *id = NULL;
    if (o->kind != OPERAND_WORD || !field_is_list(info))
        return KNOWN;
    return field_option_id(scope, info, o->text, &id);
}

static enum known check_literal(struct scope *scope, const struct path *path,
                                const struct field_info *info, const struct operand *o,
                                enum pairing pairing)
{
    struct seen seen = {.field = *info, .value = json_null()};
    struct pair pair;
    if (o->kind == OPERAND_PATH)
        return names_path(scope, &o->path, &seen.field);
    enum known parts[] = {check_stage(scope, info, o), check_word(scope, info, o),
                          pairing == PAIR_CONTAINS ? KNOWN : check_kind(scope, path, info, o),
                          pair_literal(scope, &seen, o, pairing, &pair)};
    if (parts[3] == KNOWN)
        pair_done(&pair);
    enum known all = KNOWN;
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
        all = all == KNOWN_BAD || parts[i] == KNOWN ? all : parts[i];
    return all;
}

static enum pairing pairing_of(enum compare_op op)
{
    if (op == OP_CONTAINS || op == OP_MATCHES)
        return PAIR_CONTAINS;
    return op == OP_EQUAL || op == OP_UNEQUAL || op == OP_IN || op == OP_NOT_IN ? PAIR_EXACT
                                                                                : PAIR_ORDER;
}

enum known names_try_comparison(struct trial *t)
{
    const struct comparison *c = t->what;
    struct field_info info;
    if (c->left->kind != OPERAND_PATH)
        return KNOWN;
    enum known known = names_path(&t->scope, &c->left->path, &info);
    if (known != KNOWN || c->op == OP_MATCHES)
        return known;
    for (size_t i = 0; i < c->right_count && known == KNOWN; i++)
        known = check_literal(&t->scope, &c->left->path, &info, c->rights[i], pairing_of(c->op));
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
