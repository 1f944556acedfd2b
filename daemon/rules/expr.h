#ifndef DAEMON_RULES_EXPR_H
#define DAEMON_RULES_EXPR_H

/* Conditions (product.md §2.1, §2.2): = != < <= > >= in not in contains matches `is empty`
 * `is not empty` changed, and or not ( ). `not` binds before `and` before `or`. No loops, so
 * evaluation always ends; depth and length have ceilings. Pure. */

#include <jansson.h>
#include <stdbool.h>

#include "common/diag.h"
#include "common/ini.h"
#include "daemon/rules/path.h"

struct expr;
struct scope;

/* One side of a comparison. */
struct operand {
    enum operand_kind {
        OPERAND_PATH,   /* deal.opportunity, old.stage, actor, event.query.x, LABEL.id */
        OPERAND_NUMBER, /* 1000, -2.5 */
        OPERAND_WORD,   /* bare id: C5:NEW, WEB, Y, @won */
        OPERAND_TEXT,   /* "…": a text or a name (stage, funnel, user, list value) */
        OPERAND_MOMENT, /* now, now - 2h, today 18:00, tomorrow …, next workday … */
    } kind;
    struct path path;
    double number;
    char *text;            /* owned: word, text; the source for numbers and moments */
    struct moment *moment; /* owned; OPERAND_MOMENT */
    size_t offset;         /* byte in the source */
};

/* What may stand at the head of a path in this rule: checked at load. Borrowed. */
struct expr_names {
    int entity_type;           /* the kind the rule speaks of; its word is a head */
    const char *const *labels; /* NULL-ended: step labels known here */
    bool has_start;            /* in cancel-on: run's own start is known */
};

/* Parses an entry's whole value (a continuation line joins on). Mistakes go to diag with their
 * place; NULL then. */
struct expr *expr_parse(const struct ini_entry *, const struct expr_names *, struct diag *);
void expr_free(struct expr *);
const char *expr_text(const struct expr *); /* as written */

/* One operand of `changes from A`, from entry text at *at; moves *at behind it. NULL on a mistake.
 */
struct operand *operand_parse(const struct ini_entry *, size_t *at, const struct expr_names *,
                              struct diag *);
void operand_free(struct operand *);

enum known {
    KNOWN,     /* the value is there */
    KNOWN_NOT, /* a fact is missing: scope->needs got it */
    KNOWN_BAD, /* cannot be: scope->err says why (a name the portal does not know …) */
};

/* Evaluates; *ret is set with KNOWN. Every comparison made is added to scope->trace with its actual
 * values. Comparison is by type: numbers when both sides are numeric, moments when both read as
 * dates, flags (Y/N, true/false, 1/0) when one side is a flag, else text; a missing value is
 * empty: equal to "" only, less than nothing. `changed` compares the field now with old. */
enum known expr_eval(const struct expr *, struct scope *, bool *ret);

/* A comparison for triggers: does `value` of the field that `path` names equal the operand (stage
 * and user names resolved)? */
enum known operand_matches(const struct operand *, const struct path *field, const json_t *value,
                           struct scope *, bool *ret);

/* Calls `visit` for each path in the expression. */
void expr_paths(const struct expr *, void (*visit)(const struct path *, void *), void *arg);

#endif
