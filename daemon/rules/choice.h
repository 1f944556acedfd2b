#ifndef DAEMON_RULES_CHOICE_H
#define DAEMON_RULES_CHOICE_H

/* What was decided once for a step and must not be decided anew: whom a team gave, who stands in
 * for whom. It lies in run.vars "chosen", slot → {"id","say"}, and is stored together with the
 * step's intentions; so a run that goes on after a crash means the same people. Pure. */

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "daemon/model/run.h"
#include "daemon/rules/scope.h"

enum { CHOICE_SLOT_SIZE = 96 };

/* The slot of somebody's deputy; behind it stands the id of whom he stands in for. */
#define CHOICE_DEPUTY "deputy of "

/* Was it decided before? */
bool choice_made(const struct scope *, const char *slot, int64_t *ret_id);
/* Decides it. `say` is for people, "" nothing. */
void choice_make(struct scope *, const char *slot, int64_t id, const char *say);
/* It would be this one, but the turn of the team has to be taken first; see struct turn. */
void choice_propose(struct scope *, const char *slot, int64_t id, const char *say, const char *team,
                    int64_t turn);

/* The next turn of a team: `turn` is the number that the fact team:NAME had. Who takes it makes
 * sure that nobody else has taken it meanwhile; if so, the fact has changed and the run is asked
 * again. */
struct turn {
    char team[72];
    char slot[CHOICE_SLOT_SIZE];
    int64_t turn;
    int64_t user;
    char say[320];
};
/* The first of the proposals; false: none. */
bool choice_turn(const json_t *picks, struct turn *ret);
/* The turn is this run's. */
void choice_take(struct run *, const struct turn *);

/* Notes in the run what was decided (not what was proposed). */
void choice_keep(struct run *, const json_t *picks);
void choice_forget(struct run *);

#endif
