#ifndef DAEMON_RULES_PLAN_H
#define DAEMON_RULES_PLAN_H

/* What actions share while they plan, beyond action.h. Pure. */

#include "daemon/rules/action.h"

enum {
    PLAN_MOST_CALLS = 500,     /* in one step; product.md §1 promise 7 */
    PLAN_TITLE_LETTERS = 255,  /* titles: longer ones are cut by the portal without a word, and then
                                  they could not be found again by their text */
    PLAN_TEXT_LETTERS = 20000, /* messages, comments, descriptions */
};

/* The first error wins; returns PLAN_BAD. */
enum planned plan_bad(struct plan *, const char *format, ...) PRINTF_LIKE(2, 3);
/* KNOWN → PLAN_READY; KNOWN_BAD takes over the scope's text, with the key's name before it unless
 * it is NULL. */
enum planned plan_known(struct plan *, enum known, const char *key);

/* Parts of a plan together: PLAN_BAD when one is, else PLAN_NEED when one is. All parts are asked
 * before a need is reported, so that one round fetches everything. */
enum planned plan_all(const enum planned *parts, size_t count);

/* Rendered, without blanks at both ends, at most `letters` of them (the last one is … then). An
 * empty one is PLAN_BAD. mem_free. */
enum planned plan_filled(struct plan *, const char *key, size_t letters, char **ret);
/* As plan_filled, but absent or empty is NULL. */
enum planned plan_optional(struct plan *, const char *key, size_t letters, char **ret);
/* One user; 0 when the key is absent or empty. */
enum planned plan_user(struct plan *, const char *key, int64_t *ret);
/* The step's user, or else the entity's responsible; 0 when there is neither. */
enum planned plan_responsible(struct plan *, const char *key, int64_t *ret);
/* That moment in ISO text of the portal's zone; `key` is for complaints. */
struct moment;
enum planned plan_reckon(struct plan *, const char *key, const struct moment *, char out[26]);
/* A decimal id; -1 when absent. */
enum planned plan_id(struct plan *, const char *key, int64_t *ret);

/* The record of an entity (borrowed). One that was deleted is PLAN_BAD and says so. */
enum planned plan_record(struct plan *, const struct entity *, const json_t **ret);
/* The rule's own entity: PLAN_BAD unless it has one. */
enum planned plan_own(struct plan *, const struct entity **ret);

/* Can that FIELD = value be written to that kind, as far as the facts tell: its name, and its value
 * when it stands there as it is. */
enum planned plan_field_check(struct plan *, int entity_type, const struct step_key *);
/* Do those that stand there as they are go together? */
enum planned plan_fields_check(struct plan *, int entity_type);

/* "RUN.STEP.N.BORN": says in the portal which command made a thing, so that it is found again. The
 * same for every attempt. BORN, the run's beginning in hex, tells databases apart that both count
 * their runs from 1. */
void plan_mark(const struct plan *, int64_t n, char out[64]);
/* A REST call; whether it writes and how to look for it follows from the method (look.h). */
struct command *plan_rest(struct plan *, int64_t n, const char *method, json_t *params);
/* The result of command n when it is done (borrowed), else NULL. */
const json_t *plan_result(const struct plan *, int64_t n);
/* A new object that holds the id found in a result: 5, {"id":5}, {"item":{"id":5}},
 * {"task":{"id":"5"}}. */
json_t *plan_id_of_new(const json_t *result);

#endif
