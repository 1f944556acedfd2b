#ifndef DAEMON_RULES_EXPR_TREE_H
#define DAEMON_RULES_EXPR_TREE_H

/* A parsed condition: what expr.c builds and expr_eval.c walks. Immutable after parsing. */

#include <stddef.h>

#include "daemon/rules/expr.h"
#include "daemon/rules/pattern.h"

enum compare_op {
    OP_EQUAL,
    OP_UNEQUAL,
    OP_LESS,
    OP_LESS_EQUAL,
    OP_GREATER,
    OP_GREATER_EQUAL,
    OP_IN,
    OP_NOT_IN,
    OP_CONTAINS,
    OP_MATCHES,
    OP_EMPTY,
    OP_NOT_EMPTY,
    OP_CHANGED,
};

struct comparison {
    enum compare_op op;
    struct operand *left;
    struct operand **rights; /* one; several for `in`; none for `is empty`; for `changed` the same
                                field of `old` */
    size_t right_count;
    struct pattern *pattern; /* OP_MATCHES */
    char *text;              /* as written */
    struct place at;
};

struct node {
    enum node_kind { NODE_AND, NODE_OR, NODE_NOT, NODE_COMPARE } kind;
    struct node *left, *right; /* NODE_NOT: left only */
    struct comparison compare;
};

struct expr {
    struct node *root;
    char *text;
};

#endif
