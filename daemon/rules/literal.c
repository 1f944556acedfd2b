#include "daemon/rules/literal.h"

#include <string.h>

#include "common/duration.h"
#include "common/jv.h"
#include "common/number.h"
#include "daemon/rules/compare.h"
#include "daemon/rules/fieldvalue.h"
#include "daemon/rules/stagename.h"

void pair_done(struct pair *pair)
{
    json_decref(pair->left);
    json_decref(pair->right);
    *pair = (struct pair){0};
}

static enum known moment_value(struct scope *scope, const struct operand *operand, json_t **ret)
{
    const struct rules_env *env = scope->env;
    int64_t at_ms;
    char iso[26];
    if (moment_needs_calendar(operand->moment) && env->default_calendar == NULL)
        return scope_bad(scope, "\"%s\" needs a calendar, and there are several", operand->text);
    if (!moment_reckon(operand->moment, env->now_ms, env->zone, env->default_calendar, &at_ms,
                       &scope->err))
        return KNOWN_BAD;
    zone_iso(env->zone, at_ms, iso);
    *ret = json_string(iso);
    return KNOWN;
}

enum known literal_value(struct scope *scope, const struct operand *operand, json_t **ret)
{
    int64_t integer;
    switch (operand->kind) {
    case OPERAND_MOMENT:
        return moment_value(scope, operand, ret);
    case OPERAND_NUMBER:
        *ret = number_int(operand->text, &integer) ? json_integer(integer)
                                                   : json_real(operand->number);
        return KNOWN;
    case OPERAND_PATH:
    case OPERAND_WORD:
    case OPERAND_TEXT:
        break;
    }
    *ret = json_string(operand->text);
    return KNOWN;
}

/* ---- names that stand for ids ---------------------------------------------------------------- */

/* The semantic of a stage that was seen; the record itself mostly tells. */
static enum known semantic_of(struct scope *scope, const struct seen *seen, char *ret)
{
    const char *stage = json_string_value(seen->value);
    const char *told = jv_text(seen->record, "stageSemanticId", "");
    *ret = told[0];
    if (stage == NULL || (told[0] != '\0' && strcmp(seen->field.name, "stageId") == 0))
        return KNOWN;
    return scope_semantic(scope, seen->field.type, stage, ret);
}

static enum known pair_semantic(struct scope *scope, const struct seen *seen, const char *word,
                                struct pair *ret)
{
    char semantic = '\0';
    enum known known = semantic_of(scope, seen, &semantic);
    if (known != KNOWN)
        return known;
    *ret = (struct pair){.left = json_incref(seen->value),
                         .right = json_string(word),
                         .decided = true,
                         .equal = !compare_is_empty(seen->value) &&
                                  semantic == stage_word_semantic(word)};
    return KNOWN;
}

static enum known user_ids(struct scope *scope, const struct operand *operand, json_t **ret)
{
    JV_AUTO *text = json_string(operand->text);
    return scope_users(scope, text, ret);
}

static enum known stage_id(struct scope *scope, const struct seen *seen, const char *text,
                           json_t **ret)
{
    char id[96];
    int64_t category;
    enum known known = scope_stage(scope, seen->field.type, text, id, &category);
    if (known == KNOWN)
        *ret = json_string(id);
    return known;
}

/* The ids that a name in quotes stands for beside such a field. *ret stays NULL when it is just a
 * text there. */
static enum known id_of_name(struct scope *scope, const struct seen *seen,
                             const struct operand *operand, enum pairing pairing, json_t **ret)
{
    *ret = NULL;
    if (operand->text[0] == '\0' || pairing == PAIR_ORDER)
        return KNOWN;
    if (seen->field.to == ENTITY_USER)
        return user_ids(scope, operand, ret);
    if (pairing != PAIR_EXACT)
        return KNOWN;
    if (field_is_list(&seen->field))
        return field_option_id(scope, &seen->field, operand->text, ret);
    if (seen->field.leads == FIELD_STAGE)
        return stage_id(scope, seen, operand->text, ret);
    if (seen->field.leads == FIELD_FUNNEL)
        return funnel_id(scope, seen->field.type, operand->text, ret);
    return KNOWN;
}

/* "007" is not "7" where both are texts. */
static bool is_text(const struct seen *seen, const struct pair *pair)
{
    const char *type = field_type_of(&seen->field);
    return (strcmp(type, "string") == 0 || strcmp(type, "text") == 0) &&
           json_is_string(pair->left) && json_string_length(pair->left) > 0;
}

static enum known pair_text(struct scope *scope, const struct seen *seen,
                            const struct operand *operand, enum pairing pairing, struct pair *ret)
{
    enum known known = id_of_name(scope, seen, operand, pairing, &ret->right);
    if (known != KNOWN)
        return known;
    if (ret->right != NULL || operand->text[0] == '\0') {
        ret->left = json_incref(seen->value);
        ret->right = ret->right != NULL ? ret->right : json_string("");
        return KNOWN;
    }
    ret->right = json_string(operand->text);
    known = seen_show(scope, seen, &ret->left);
    if (known == KNOWN && pairing == PAIR_EXACT && is_text(seen, ret)) {
        ret->decided = true;
        ret->equal = json_equal(ret->left, ret->right);
    }
    return known;
}

/* yes, no, да, нет beside a field that is a flag. */
static bool pair_flag(const struct seen *seen, const struct operand *operand, struct pair *ret)
{
    bool flag;
    if ((operand->kind != OPERAND_WORD && operand->kind != OPERAND_TEXT) ||
        field_kind(&seen->field) != FIELD_IS_FLAG || !field_value_flag(operand->text, &flag))
        return false;
    *ret = (struct pair){.left = json_incref(seen->value), .right = json_boolean(flag)};
    return true;
}

enum known pair_literal(struct scope *scope, const struct seen *seen, const struct operand *operand,
                        enum pairing pairing, struct pair *ret)
{
    bool word = operand->kind == OPERAND_WORD, at = word && strchr(operand->text, '@') != NULL;
    enum known known;
    *ret = (struct pair){0};
    if (pair_flag(seen, operand, ret))
        return KNOWN;
    if (at && operand->text[0] == '@' && pairing == PAIR_EXACT)
        return pair_semantic(scope, seen, operand->text, ret);
    if (operand->kind == OPERAND_TEXT || (at && seen->field.to == ENTITY_USER)) {
        known = pair_text(scope, seen, operand, pairing, ret);
    } else {
        ret->left = json_incref(seen->value);
        known = literal_value(scope, operand, &ret->right);
    }
    if (known != KNOWN)
        pair_done(ret);
    return known;
}

enum known pair_seen(struct scope *scope, const struct seen *left, const struct seen *right,
                     struct pair *ret)
{
    *ret = (struct pair){0};
    bool alike = left->field.to != ENTITY_NONE && left->field.to == right->field.to;
    if (alike) {
        *ret = (struct pair){.left = json_incref(left->value), .right = json_incref(right->value)};
        return KNOWN;
    }
    enum known one = seen_show(scope, left, &ret->left);
    enum known other = seen_show(scope, right, &ret->right);
    if (one == KNOWN && other == KNOWN)
        return KNOWN;
    pair_done(ret);
    return one == KNOWN_BAD || other == KNOWN ? one : other;
}
