#ifndef DAEMON_RULES_NAMES_H
#define DAEMON_RULES_NAMES_H

/* Every name that rules use, tried against what the portal says (product.md §2.1, Values): stages,
 * funnels, fields, values of lists, users, departments, smart processes; and the values that stand
 * beside fields, by the fields' types. What a name meant when it was first resolved is its pin
 * (scope.h): a name that means something else now, or nothing, is a warning, and the rule goes on
 * by the pin; a name that never meant anything is an error, and holds its rule back. Pure. */

#include <jansson.h>

#include "daemon/rules/ruleset.h"
#include "daemon/rules/scope.h"

struct names {
    const struct rules_env *env;
    const struct ruleset *set;
    const json_t *facts;   /* need → value, without pins. Borrowed */
    const json_t *pins;    /* object or NULL. Borrowed */
    const json_t *refused; /* need → why the portal does not show it, NULL: nothing. Borrowed */
    bool unasked;     /* nobody was asked yet: to say so of every rule that has to wait for it */
    json_t *needs;    /* out: array of facts that are missing */
    json_t *resolved; /* out: object pin → id, of every name that means something */
    /* out: array of {"level","rule","file","line","column","say"}; level: "warning"; "error", which
     * holds the rule back; "waiting", which does so until the portal was asked; "unasked": its runs
     * wait for the answer by themselves */
    json_t *findings;
};

/* Adds what that rule has. Facts that are missing are no findings, but for titles of smart
 * processes, without which the rule cannot even begin. */
void names_of_rule(struct names *, const struct rule *);
/* A text that names users ("petrova@firm.ru", `head of "Отдел продаж"`), of a team for example. */
void names_of_users(struct names *, const char *text, struct place at);

#endif
