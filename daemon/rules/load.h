#ifndef DAEMON_RULES_LOAD_H
#define DAEMON_RULES_LOAD_H

/* Sections into rules: what load_rule.c and load_step.c share. */

#include <stdbool.h>

#include "common/diag.h"
#include "common/ini.h"
#include "daemon/rules/ruleset.h"

struct loader {
    const struct ruleset_names *names;
    struct titles *titles;
    struct diag *diag;
};

/* `rule NAME` and its keys; the steps follow by load_step. *ret is set up in any case. */
void load_rule(struct loader *, struct ini_section *, const struct ini_section *steps,
               size_t step_count, struct rule *ret);
/* Adds one step to the rule. `labels` are those of the steps before, NULL-ended. */
void load_step(struct loader *, struct ini_section *, const char *const *labels, struct rule *);
/* The keys of [rule] and of every step, one by one; NULL behind the last. For the manual. */
const char *load_rule_key(size_t i);
const char *load_step_key(size_t i);

/* A word with its meaning; tables end with a NULL word. */
struct word {
    const char *text;
    int value;
};
/* The entry's value as one of these words; complains with the nearest. */
bool load_word(struct loader *, const struct ini_entry *, const struct word *, int *ret);
/* Complains when the name is not in the list. */
bool load_known(struct loader *, struct place, const char *what, const char *name,
                const char *const *known);
/* Adds the entry's condition to a list of them. */
void load_condition(struct loader *, const struct ini_entry *, const struct expr_names *,
                    struct expr ***list, size_t *count);
/* The entry's whole value as a duration from byte `from` on. */
bool load_duration(struct loader *, const struct ini_entry *, size_t from, struct duration *ret);

#endif
