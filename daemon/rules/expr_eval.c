#include <string.h>

#include "common/jv.h"
#include "common/mem.h"
#include "daemon/rules/compare.h"
#include "daemon/rules/expr_tree.h"
#include "daemon/rules/literal.h"

/* Walks a parsed condition: expr_eval and operand_matches. What is missing on one side does not
 * keep the other from being tried, so that all needs go out in one batch. */

static enum known worse(enum known a, enum known b)
{
    return a == KNOWN_BAD || b == KNOWN ? a : b;
}

/* ---- sides ----------------------------------------------------------------------------------- */

static enum known look(struct scope *scope, const struct operand *operand, struct seen *ret)
{
    *ret = (struct seen){0};
    if (operand->kind == OPERAND_PATH)
        return seen_look(scope, &operand->path, ret);
    return literal_value(scope, operand, &ret->value);
}

static enum known pair_up(struct scope *scope, const struct operand *left, const struct seen *l,
                          const struct operand *right, const struct seen *r, enum pairing pairing,
                          struct pair *ret)
{
    if (right->kind != OPERAND_PATH)
        return pair_literal(scope, l, right, pairing, ret);
    if (left->kind == OPERAND_PATH)
        return pair_seen(scope, l, r, ret);
    enum known known = pair_literal(scope, r, left, pairing, ret);
    const struct pair turned = *ret;
    ret->left = turned.right;
    ret->right = turned.left;
    return known;
}

/* ---- operators ------------------------------------------------------------------------------- */

static bool pair_equal(const struct pair *pair, const struct scope *scope)
{
    if (pair->decided)
        return pair->equal;
    return compare_equal(pair->left, pair->right, scope->env->zone);
}

static bool pair_holds(enum compare_op op, const struct pair *pair, const struct scope *scope)
{
    int order = 0;
    bool ordered = compare_order(pair->left, pair->right, scope->env->zone, &order);
    switch (op) {
    case OP_EQUAL:
    case OP_IN:
        return pair_equal(pair, scope);
    case OP_UNEQUAL:
    case OP_NOT_IN:
        return !pair_equal(pair, scope);
    case OP_LESS:
        return ordered && order < 0;
    case OP_LESS_EQUAL:
        return ordered && order <= 0;
    case OP_GREATER:
        return ordered && order > 0;
    case OP_GREATER_EQUAL:
        return ordered && order >= 0;
    case OP_CONTAINS:
        return compare_contains(pair->left, pair->right, scope->env->zone);
    case OP_MATCHES:
    case OP_EMPTY:
    case OP_NOT_EMPTY:
    case OP_CHANGED:
        break;
    }
    return false;
}

static enum pairing pairing_of(enum compare_op op)
{
    switch (op) {
    case OP_EQUAL:
    case OP_UNEQUAL:
    case OP_IN:
    case OP_NOT_IN:
        return PAIR_EXACT;
    case OP_CONTAINS:
        return PAIR_CONTAINS;
    case OP_LESS:
    case OP_LESS_EQUAL:
    case OP_GREATER:
    case OP_GREATER_EQUAL:
    case OP_MATCHES:
    case OP_EMPTY:
    case OP_NOT_EMPTY:
    case OP_CHANGED:
        break;
    }
    return PAIR_ORDER;
}

static void trace(struct scope *scope, const struct comparison *c, const json_t *left,
                  const json_t *right, bool is)
{
    if (scope->trace == NULL)
        return;
    json_t *entry = json_object();
    (void)json_object_set_new(entry, "text", jv_string_new(c->text));
    (void)json_object_set_new(entry, "left", json_deep_copy(left));
    if (right != NULL)
        (void)json_object_set_new(entry, "right", json_deep_copy(right));
    (void)json_object_set_new(entry, "is", json_boolean(is));
    (void)json_array_append_new(scope->trace, entry);
}

/* The left side against one of the right ones; *ret_pair is owned by the caller with KNOWN. */
static enum known against(struct scope *scope, const struct comparison *c, const struct seen *left,
                          size_t i, struct pair *ret_pair)
{
    struct seen right;
    enum known known = look(scope, c->rights[i], &right);
    if (known != KNOWN)
        return known;
    known = pair_up(scope, c->left, left, c->rights[i], &right, pairing_of(c->op), ret_pair);
    seen_done(&right);
    return known;
}

static enum known eval_pair(struct scope *scope, const struct comparison *c,
                            const struct seen *left, bool *ret)
{
    struct pair pair;
    enum known known = against(scope, c, left, 0, &pair);
    if (known != KNOWN)
        return known;
    *ret = pair_holds(c->op, &pair, scope);
    trace(scope, c, pair.left, pair.right, *ret);
    pair_done(&pair);
    return KNOWN;
}

static enum known eval_in(struct scope *scope, const struct comparison *c, const struct seen *left,
                          bool *ret)
{
    JV_AUTO *listed = json_array();
    enum known all = KNOWN;
    bool found = false;
    for (size_t i = 0; i < c->right_count && all != KNOWN_BAD; i++) {
        struct pair pair;
        enum known known = against(scope, c, left, i, &pair);
        all = worse(all, known);
        if (known != KNOWN)
            continue;
        found = found || pair_equal(&pair, scope);
        (void)json_array_append(listed, pair.right);
        pair_done(&pair);
    }
    *ret = found == (c->op == OP_IN);
    if (all == KNOWN)
        trace(scope, c, left->value, listed, *ret);
    return all;
}

static bool match_one(struct scope *scope, const struct pattern *pattern, const json_t *value,
                      bool *ret)
{
    char *text = jv_print_new(value);
    bool tried = pattern_match(pattern, text, ret, &scope->err);
    mem_free(text);
    return tried;
}

static bool match_any(struct scope *scope, const struct pattern *pattern, const json_t *value,
                      bool *ret)
{
    size_t i;
    json_t *member;
    if (!json_is_array(value))
        return match_one(scope, pattern, value, ret);
    *ret = false;
    json_array_foreach (jv_loose(value), i, member)
        if (!*ret && !match_one(scope, pattern, member, ret))
            return false;
    return true;
}

static enum known eval_matches(struct scope *scope, const struct comparison *c,
                               const struct seen *left, bool *ret)
{
    JV_AUTO *value = NULL;
    enum known known = seen_show(scope, left, &value);
    if (known != KNOWN)
        return known;
    if (!match_any(scope, c->pattern, value, ret)) {
        (void)err_prefix(&scope->err, "%s: ", c->text);
        return KNOWN_BAD;
    }
    JV_AUTO *pattern = json_string(c->rights[0]->text);
    trace(scope, c, value, pattern, *ret);
    return KNOWN;
}

/* Without an old record, or without the field in it, nothing is known to have changed. */
static enum known eval_changed(struct scope *scope, const struct comparison *c,
                               const struct seen *left, bool *ret)
{
    struct seen old;
    const json_t *record = json_object_get(scope->vars, "old");
    enum known known = look(scope, c->rights[0], &old);
    if (known != KNOWN)
        return known;
    *ret = json_object_get(record, old.field.name) != NULL && !jv_same(left->value, old.value);
    trace(scope, c, left->value, old.value, *ret);
    seen_done(&old);
    return KNOWN;
}

static enum known eval_empty(struct scope *scope, const struct comparison *c,
                             const struct seen *left, bool *ret)
{
    *ret = jv_is_empty(left->value) == (c->op == OP_EMPTY);
    trace(scope, c, left->value, NULL, *ret);
    return KNOWN;
}

static enum known eval_op(struct scope *scope, const struct comparison *c, const struct seen *left,
                          bool *ret)
{
    switch (c->op) {
    case OP_IN:
    case OP_NOT_IN:
        return eval_in(scope, c, left, ret);
    case OP_MATCHES:
        return eval_matches(scope, c, left, ret);
    case OP_EMPTY:
    case OP_NOT_EMPTY:
        return eval_empty(scope, c, left, ret);
    case OP_CHANGED:
        return eval_changed(scope, c, left, ret);
    case OP_EQUAL:
    case OP_UNEQUAL:
    case OP_LESS:
    case OP_LESS_EQUAL:
    case OP_GREATER:
    case OP_GREATER_EQUAL:
    case OP_CONTAINS:
        break;
    }
    return eval_pair(scope, c, left, ret);
}

/* The left value is not there yet: what the right side will need can often be told already. */
static enum known gather_right(struct scope *scope, const struct comparison *c)
{
    struct seen left = {0};
    bool path = c->left->kind == OPERAND_PATH;
    if (path && seen_describe(scope, &c->left->path, &left) != KNOWN)
        return KNOWN_NOT;
    left.value = json_null();
    for (size_t i = 0; i < c->right_count && c->op != OP_MATCHES; i++) {
        struct pair pair;
        enum known known = against(scope, c, &left, i, &pair);
        if (known == KNOWN_BAD)
            return known;
        if (known == KNOWN)
            pair_done(&pair);
    }
    return KNOWN_NOT;
}

static enum known eval_comparison(struct scope *scope, const struct comparison *c, bool *ret)
{
    struct seen left;
    enum known known = look(scope, c->left, &left);
    if (known == KNOWN_NOT)
        return gather_right(scope, c);
    if (known != KNOWN)
        return known;
    known = eval_op(scope, c, &left, ret);
    seen_done(&left);
    return known;
}

/* ---- the tree -------------------------------------------------------------------------------- */

static enum known eval_node(struct scope *, const struct node *, bool *ret);

static enum known eval_junction(struct scope *scope, const struct node *node, bool *ret)
{
    bool decisive = node->kind == NODE_OR; /* the value of one side that settles it */
    enum known left = eval_node(scope, node->left, ret);
    if (left == KNOWN_BAD || (left == KNOWN && *ret == decisive))
        return left;
    enum known right = eval_node(scope, node->right, ret);
    if (left == KNOWN)
        return right;
    scope->err.text[0] = '\0'; /* the right side may never be reached */
    return KNOWN_NOT;
}

static enum known eval_node(struct scope *scope, const struct node *node, bool *ret)
{
    enum known known;
    switch (node->kind) {
    case NODE_AND:
    case NODE_OR:
        return eval_junction(scope, node, ret);
    case NODE_NOT:
        known = eval_node(scope, node->left, ret);
        *ret = !*ret;
        return known;
    case NODE_COMPARE:
        break;
    }
    return eval_comparison(scope, &node->compare, ret);
}

enum known expr_eval(const struct expr *expr, struct scope *scope, bool *ret)
{
    size_t before = json_array_size(scope->trace);
    bool is = false;
    enum known known = eval_node(scope, expr->root, &is);
    while (known == KNOWN_NOT && json_array_size(scope->trace) > before)
        (void)json_array_remove(scope->trace, before); /* all of it is told the next time */
    if (known == KNOWN)
        *ret = is;
    return known;
}

enum known operand_matches(const struct operand *operand, const struct path *field,
                           const json_t *value, struct scope *scope, bool *ret)
{
    struct seen left, right = {0};
    struct pair pair;
    enum known known = seen_describe(scope, field, &left);
    if (known == KNOWN)
        known = look(scope, operand, &right);
    if (known != KNOWN)
        return known;
    bool nobody = left.field.to != ENTITY_NONE && jv_int(value, "", -1) == 0; /* 0 is no id */
    left.value = value != NULL && !nobody ? json_deep_copy(value) : json_null();
    known = operand->kind == OPERAND_PATH ? pair_seen(scope, &left, &right, &pair)
                                          : pair_literal(scope, &left, operand, PAIR_EXACT, &pair);
    if (known == KNOWN) {
        *ret = pair_equal(&pair, scope);
        pair_done(&pair);
    }
    seen_done(&left);
    seen_done(&right);
    return known;
}
