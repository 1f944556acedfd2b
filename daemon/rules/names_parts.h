#ifndef DAEMON_RULES_NAMES_PARTS_H
#define DAEMON_RULES_NAMES_PARTS_H

/* What names.c, names_trial.c and names_values.c share: one thing a rule says, and how it is tried.
 */

#include "daemon/rules/fieldname.h"
#include "daemon/rules/names.h"

/* A trial is made against the facts as they are, and once more with the pins when that fails. */
struct trial {
    struct scope scope;
    const void *what; /* of the function that tries */
    int type;         /* the kind it is about */
};
typedef enum known trial_fn(struct trial *);

/* One rule, or a text beside the rules, being tried. */
struct walk {
    struct names *names;
    const struct rule *rule; /* NULL: none */
    int type;                /* what it speaks of */
    struct place at;
};

/* Adds a finding at walk->at, unless it is there already. */
void names_found(const struct walk *, const char *level, const char *format, ...) PRINTF_LIKE(3, 4);
/* A fact that something is to be said with; asked for when it is missing. NULL: not there yet. */
const json_t *names_fact(const struct walk *, const char *need);
/* Tries `what` of that kind, and says what is wrong with it. */
void names_attempt(struct walk *, struct place at, trial_fn *, int type, const void *what);

/* The kind and field that a path of the rule leads to; ret->name is "" where there is none. */
enum known names_path(struct scope *, const struct path *, struct field_info *ret);

/* what: struct comparison, of a rule for `type`. */
enum known names_try_comparison(struct trial *);
/* what: struct trigger with a field and values. */
enum known names_try_change(struct trial *);

#endif
