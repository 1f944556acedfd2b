#ifndef DAEMON_RULES_LITERAL_H
#define DAEMON_RULES_LITERAL_H

/* What a literal of a condition means beside a field: "Funnel / Stage" beside a stage is that
 * stage's id, an e-mail beside a user his id, a text beside a list its option. Pure. */

#include <jansson.h>
#include <stdbool.h>

#include "daemon/rules/expr.h"
#include "daemon/rules/seen.h"

/* Two values made comparable. */
struct pair {
    json_t *left, *right; /* owned */
    bool decided, equal;  /* decided: `equal` counts, not the values (@won is a kind of stages) */
};
void pair_done(struct pair *);

/* How they are to be compared. */
enum pairing {
    PAIR_EXACT,    /* = != in: names stand for ids */
    PAIR_CONTAINS, /* names of users do; else what people see is compared */
    PAIR_ORDER,    /* < >: as they are */
};

/* `seen` beside a literal operand. */
enum known pair_literal(struct scope *, const struct seen *, const struct operand *, enum pairing,
                        struct pair *ret);
/* Two things that were seen: ids where both lead to the same kind, else what people see. */
enum known pair_seen(struct scope *, const struct seen *left, const struct seen *right,
                     struct pair *ret);
/* A literal by itself: a number, a text, a moment's ISO text. New reference. */
enum known literal_value(struct scope *, const struct operand *, json_t **ret);

#endif
