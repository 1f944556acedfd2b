#include "daemon/rules/expr.h"

#include <string.h>

#include "common/mem.h"
#include "common/near.h"
#include "daemon/model/entity.h"
#include "daemon/rules/expr_tree.h"
#include "daemon/rules/operand.h"

enum {
    MOST_DEPTH = 32,
    MOST_COMPARISONS = 200,
    MOST_LISTED = 500,
};

struct parser {
    const struct ini_entry *entry;
    const char *text; /* of the entry */
    size_t at;
    const struct expr_names *names;
    struct diag *diag;
    int depth;
    int comparisons;
};

static struct node *parse_or(struct parser *);

/* ---- release --------------------------------------------------------------------------------- */

static void comparison_done(struct comparison *c)
{
    operand_free(c->left);
    for (size_t i = 0; i < c->right_count; i++)
        operand_free(c->rights[i]);
    mem_free(c->rights);
    pattern_free(c->pattern);
    mem_free(c->text);
}

static void node_free(struct node *node)
{
    if (node == NULL)
        return;
    node_free(node->left);
    node_free(node->right);
    comparison_done(&node->compare);
    mem_free(node);
}

/* Takes both; NULL when one of them is missing. */
static struct node *node_new(enum node_kind kind, struct node *left, struct node *right)
{
    if (left == NULL || (right == NULL && kind != NODE_NOT)) {
        node_free(left);
        node_free(right);
        return NULL;
    }
    struct node *node = mem_alloc(sizeof *node);
    *node = (struct node){.kind = kind, .left = left, .right = right};
    return node;
}

/* ---- words ----------------------------------------------------------------------------------- */

static struct place place_at(const struct parser *p, size_t at)
{
    return ini_value_place(p->entry, at);
}

static const char *rest_of(struct parser *p)
{
    while (operand_is_blank(p->text[p->at]))
        p->at++;
    return p->text + p->at;
}

static bool take_word(struct parser *p, const char *word)
{
    const char *rest = rest_of(p);
    size_t length = strlen(word);
    if (operand_word(rest) != length || memcmp(rest, word, length) != 0)
        return false;
    p->at += length;
    return true;
}

static bool take_char(struct parser *p, char c)
{
    if (*rest_of(p) != c)
        return false;
    p->at++;
    return true;
}

/* ---- operators ------------------------------------------------------------------------------- */

static const struct operator
{
    const char *first, *second, *third;
    enum compare_op op;
}
operators[] = {
    {"=", NULL, NULL, OP_EQUAL},
    {"!=", NULL, NULL, OP_UNEQUAL},
    {"<=", NULL, NULL, OP_LESS_EQUAL},
    {">=", NULL, NULL, OP_GREATER_EQUAL},
    {"<", NULL, NULL, OP_LESS},
    {">", NULL, NULL, OP_GREATER},
    {"in", NULL, NULL, OP_IN},
    {"not", "in", NULL, OP_NOT_IN},
    {"contains", NULL, NULL, OP_CONTAINS},
    {"matches", NULL, NULL, OP_MATCHES},
    {"is", "not", "empty", OP_NOT_EMPTY},
    {"is", "empty", NULL, OP_EMPTY},
    {"changed", NULL, NULL, OP_CHANGED},
};

enum { OPERATOR_COUNT = sizeof operators / sizeof operators[0] };

/* What stands where an operator should: signs, or a word. */
static size_t sign_or_word(const char *text)
{
    size_t signs = strspn(text, "=!<>&|~");
    return signs > 0 ? signs : operand_token(text);
}

static bool take_operator(struct parser *p, const struct operator* o)
{
    size_t from = p->at;
    const char *rest = rest_of(p);
    if (strchr("=!<>", o->first[0]) != NULL) {
        size_t length = strspn(rest, "=!<>&|~");
        bool same = length == strlen(o->first) && memcmp(rest, o->first, length) == 0;
        p->at += same ? length : 0;
        return same;
    }
    bool taken = take_word(p, o->first) && (o->second == NULL || take_word(p, o->second)) &&
                 (o->third == NULL || take_word(p, o->third));
    if (!taken)
        p->at = from;
    return taken;
}

/* What other languages write. */
static const char *translated(const char *word)
{
    static const struct {
        const char *theirs, *ours;
    } rows[] = {
        {"==", "="},   {"<>", "!="}, {"=<", "<="},     {"=>", ">="},
        {"&&", "and"}, {"||", "or"}, {"~", "matches"}, {"like", "contains"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (strcmp(word, rows[i].theirs) == 0)
            return rows[i].ours;
    return NULL;
}

static bool unknown_operator(struct parser *p)
{
    const char *names[OPERATOR_COUNT];
    const char *rest = rest_of(p);
    if (*rest == '\0')
        return diag_add(p->diag, place_at(p, p->at), "a comparison is missing at the end");
    char *word = mem_strndup(rest, sign_or_word(rest));
    for (size_t i = 0; i < OPERATOR_COUNT; i++)
        names[i] = operators[i].first;
    const char *near = translated(word);
    if (near == NULL)
        near = near_name(word, names, OPERATOR_COUNT);
    if (strcmp(word, "is") == 0)
        (void)diag_add(p->diag, place_at(p, p->at), "write \"is empty\" or \"is not empty\"");
    else if (strcmp(word, "not") == 0)
        (void)diag_add(p->diag, place_at(p, p->at), "write \"not in (…)\"");
    else if (near != NULL)
        (void)diag_add(p->diag, place_at(p, p->at), "\"%s\" is no comparison; did you mean \"%s\"?",
                       word, near);
    else
        (void)diag_add(p->diag, place_at(p, p->at),
                       "\"%s\" is no comparison; there are = != < <= > >=, in, not in, contains, "
                       "matches, is empty, is not empty, changed",
                       word);
    mem_free(word);
    return false;
}

static bool parse_operator(struct parser *p, enum compare_op *ret)
{
    for (size_t i = 0; i < OPERATOR_COUNT; i++) {
        if (take_operator(p, &operators[i])) {
            *ret = operators[i].op;
            return true;
        }
    }
    return unknown_operator(p);
}

/* ---- right sides ----------------------------------------------------------------------------- */

static bool add_right(struct parser *p, struct comparison *c)
{
    struct operand *operand = operand_read(p->entry, &p->at, false, p->names, p->diag);
    if (operand == NULL)
        return false;
    c->rights = mem_grow(c->rights, c->right_count + 1, sizeof *c->rights);
    c->rights[c->right_count++] = operand;
    return true;
}

static bool parse_list(struct parser *p, struct comparison *c)
{
    (void)rest_of(p);
    size_t from = p->at;
    if (!take_char(p, '('))
        return diag_add(p->diag, place_at(p, from), "\"in\" takes a list: in (A, B)");
    if (take_char(p, ')'))
        return diag_add(p->diag, place_at(p, from), "the list is empty; in takes one: in (A, B)");
    do {
        if (c->right_count == MOST_LISTED)
            return diag_add(p->diag, place_at(p, p->at), "the list has more than %d values",
                            MOST_LISTED);
        if (!add_right(p, c))
            return false;
    } while (take_char(p, ','));
    if (take_char(p, ')'))
        return true;
    if (*rest_of(p) == '\0')
        return diag_add(p->diag, place_at(p, from), "\"(\" is not closed");
    return diag_add(p->diag, place_at(p, p->at), "a comma or \")\" is missing before \"%.*s\"",
                    (int)operand_token(rest_of(p)), rest_of(p));
}

/* The column of a pattern's mistake: behind the opening quote, `\"` taking two bytes. */
static size_t source_offset(const struct parser *p, const struct operand *operand, size_t offset)
{
    const char *from = p->text + operand->offset + 1;
    size_t i = 0;
    for (; offset > 0 && from[i] != '\0'; offset--)
        i += from[i] == '\\' && from[i + 1] == '"' ? 2 : 1;
    return operand->offset + 1 + i;
}

static bool parse_pattern(struct parser *p, struct comparison *c)
{
    if (!add_right(p, c))
        return false;
    const struct operand *operand = c->rights[0];
    if (operand->kind != OPERAND_TEXT)
        return diag_add(p->diag, place_at(p, operand->offset),
                        "\"matches\" takes a pattern in quotes");
    struct err err = {0};
    size_t offset = 0;
    c->pattern = pattern_compile(operand->text, &offset, &err);
    return c->pattern != NULL ||
           diag_add(p->diag, place_at(p, source_offset(p, operand, offset)), "%s", err.text);
}

/* `deal.stage changed` compares with old.stage: the path with another head. */
static struct operand *old_of(const struct operand *now)
{
    struct operand *old = mem_alloc(sizeof *old);
    *old = (struct operand){.kind = OPERAND_PATH, .path.count = now->path.count};
    for (int i = 0; i < now->path.count; i++) {
        old->path.parts[i] = now->path.parts[i];
        old->path.parts[i].text = mem_strdup(i == 0 ? "old" : now->path.parts[i].text);
    }
    old->path.text = mem_printf("old%s", now->path.text + strlen(now->path.parts[0].text));
    return old;
}

static bool parse_changed(struct parser *p, struct comparison *c)
{
    const struct path *path = &c->left->path;
    const struct entity_kind *kind =
        c->left->kind == OPERAND_PATH ? entity_kind_by_word(path->parts[0].text) : NULL;
    if (kind == NULL || path->count != 2)
        return diag_add(p->diag, place_at(p, c->left->offset),
                        "\"changed\" is asked of a field of the rule's own entity: deal.stage");
    c->rights = mem_array(1, sizeof *c->rights);
    c->rights[c->right_count++] = old_of(c->left);
    return true;
}

static bool parse_right(struct parser *p, struct comparison *c)
{
    switch (c->op) {
    case OP_IN:
    case OP_NOT_IN:
        return parse_list(p, c);
    case OP_MATCHES:
        return parse_pattern(p, c);
    case OP_CHANGED:
        return parse_changed(p, c);
    case OP_EMPTY:
    case OP_NOT_EMPTY:
        return true;
    case OP_EQUAL:
    case OP_UNEQUAL:
    case OP_LESS:
    case OP_LESS_EQUAL:
    case OP_GREATER:
    case OP_GREATER_EQUAL:
    case OP_CONTAINS:
        break;
    }
    return add_right(p, c);
}

/* ---- the tree -------------------------------------------------------------------------------- */

static bool is_constant(const struct operand *operand)
{
    return operand->kind != OPERAND_PATH && operand->kind != OPERAND_MOMENT;
}

/* A comparison of constants is a mistake: mostly a label whose entity was forgotten. */
static bool check_constants(struct parser *p, const struct comparison *c)
{
    if (!is_constant(c->left))
        return true;
    for (size_t i = 0; i < c->right_count; i++)
        if (!is_constant(c->rights[i]))
            return true;
    const struct entity_kind *own = entity_kind_of(p->names->entity_type);
    if (own != NULL && c->left->kind == OPERAND_TEXT)
        return diag_add(
            p->diag, place_at(p, c->left->offset),
            "\"%s\" is a text here; a field's label stands behind its entity: %s.\"%s\"",
            c->left->text, own->word, c->left->text);
    return diag_add(p->diag, place_at(p, c->left->offset),
                    "nothing here is a name; one side of a comparison is: deal.opportunity");
}

static bool fill_comparison(struct parser *p, struct comparison *c)
{
    (void)rest_of(p);
    size_t from = p->at;
    if (++p->comparisons > MOST_COMPARISONS)
        return diag_add(p->diag, place_at(p, from), "a condition has at most %d comparisons",
                        MOST_COMPARISONS);
    c->left = operand_read(p->entry, &p->at, true, p->names, p->diag);
    if (c->left == NULL || !parse_operator(p, &c->op) || !parse_right(p, c))
        return false;
    c->text = mem_strndup(p->text + from, p->at - from);
    c->at = place_at(p, c->left->offset);
    return check_constants(p, c);
}

static struct node *parse_comparison(struct parser *p)
{
    struct node *node = mem_alloc(sizeof *node);
    node->kind = NODE_COMPARE;
    if (fill_comparison(p, &node->compare))
        return node;
    node_free(node);
    return NULL;
}

static struct node *parse_group(struct parser *p, size_t from)
{
    struct node *node = parse_or(p);
    if (node == NULL || take_char(p, ')'))
        return node;
    node_free(node);
    if (*rest_of(p) == '\0')
        (void)diag_add(p->diag, place_at(p, from), "\"(\" is not closed");
    else
        (void)diag_add(p->diag, place_at(p, p->at),
                       "\"and\", \"or\" or \")\" is missing before \"%.*s\"",
                       (int)sign_or_word(rest_of(p)), rest_of(p));
    return NULL;
}

static struct node *parse_not(struct parser *p)
{
    (void)rest_of(p);
    size_t from = p->at;
    struct node *node = NULL;
    if (p->depth == MOST_DEPTH) {
        (void)diag_add(p->diag, place_at(p, from), "a condition nests at most %d deep", MOST_DEPTH);
        return NULL;
    }
    p->depth++;
    if (take_word(p, "not"))
        node = node_new(NODE_NOT, parse_not(p), NULL);
    else if (take_char(p, '('))
        node = parse_group(p, from);
    else
        node = parse_comparison(p);
    p->depth--;
    return node;
}

static struct node *parse_and(struct parser *p)
{
    struct node *node = parse_not(p);
    while (node != NULL && take_word(p, "and"))
        node = node_new(NODE_AND, node, parse_not(p));
    return node;
}

static struct node *parse_or(struct parser *p)
{
    struct node *node = parse_and(p);
    while (node != NULL && take_word(p, "or"))
        node = node_new(NODE_OR, node, parse_and(p));
    return node;
}

static struct node *unexpected(struct parser *p, struct node *node)
{
    const char *rest = rest_of(p);
    char *word = mem_strndup(rest, sign_or_word(rest));
    const char *const words[] = {"and", "or"};
    const char *near = translated(word);
    if (near == NULL)
        near = near_name(word, words, 2);
    if (near != NULL)
        (void)diag_add(p->diag, place_at(p, p->at), "unexpected \"%s\"; did you mean \"%s\"?", word,
                       near);
    else
        (void)diag_add(p->diag, place_at(p, p->at),
                       "unexpected \"%s\"; comparisons are joined by \"and\" and \"or\"", word);
    mem_free(word);
    node_free(node);
    return NULL;
}

struct expr *expr_parse(const struct ini_entry *entry, const struct expr_names *names,
                        struct diag *diag)
{
    struct parser p = {.entry = entry, .text = entry->value, .names = names, .diag = diag};
    size_t before = diag->count;
    if (*rest_of(&p) == '\0') {
        (void)diag_add(diag, entry->value_at,
                       "the condition is empty; write deal.opportunity > 1000");
        return NULL;
    }
    struct node *root = parse_or(&p);
    if (root != NULL && *rest_of(&p) != '\0')
        root = unexpected(&p, root);
    if (root == NULL || diag->count != before) {
        node_free(root);
        return NULL;
    }
    struct expr *expr = mem_alloc(sizeof *expr);
    *expr = (struct expr){.root = root, .text = mem_strdup(entry->value)};
    return expr;
}

void expr_free(struct expr *expr)
{
    if (expr == NULL)
        return;
    node_free(expr->root);
    mem_free(expr->text);
    mem_free(expr);
}

const char *expr_text(const struct expr *expr)
{
    return expr->text;
}

static void node_paths(const struct node *node, void (*visit)(const struct path *, void *),
                       void *arg)
{
    if (node == NULL)
        return;
    node_paths(node->left, visit, arg);
    node_paths(node->right, visit, arg);
    const struct comparison *c = &node->compare;
    if (c->left != NULL && c->left->kind == OPERAND_PATH)
        visit(&c->left->path, arg);
    for (size_t i = 0; i < c->right_count; i++)
        if (c->rights[i]->kind == OPERAND_PATH)
            visit(&c->rights[i]->path, arg);
}

void expr_paths(const struct expr *expr, void (*visit)(const struct path *, void *), void *arg)
{
    node_paths(expr->root, visit, arg);
}
