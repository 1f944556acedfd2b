#ifndef DAEMON_RULES_JUDGE_H
#define DAEMON_RULES_JUDGE_H

/* One judgement being made: what judge.c, ending.c and vars.c share. */

#include "daemon/rules/change.h"
#include "daemon/rules/index.h"
#include "daemon/rules/occur.h"

struct judging {
    const struct ruleset *set;
    const struct change *change;
    const struct rules_env *env;
    json_t *facts;                  /* owned */
    struct occurrence *occurrences; /* owned */
    size_t occurrence_count;
    struct judgement *ret;
};

/* A scope on the changed entity with needs of its own; put away by judge_settle. */
struct scope judge_scope(const struct judging *, const json_t *vars, json_t *trace);
/* Asks for what the scope missed when `known` says that it matters; frees its needs. */
void judge_settle(struct judging *, struct scope *, enum known);
/* The rule cannot be judged, and why. */
void judge_freeze(struct judging *, const struct rule *, const char *why);

/* The facts, and among them the record itself under its name. New. */
json_t *judge_facts_new(const struct change *, const json_t *facts);
/* Adds a firing, with what its conditions say; nothing when a fact is missing. */
void judge_fire(struct judging *, const struct slot *, const struct occurrence *);
/* run.vars of a new run (model/run.h). New. */
json_t *judge_vars_new(const struct change *, const struct occurrence *, const struct trigger *);
/* Does the change end this run? */
void judge_ending(struct judging *, const struct run *);

#endif
