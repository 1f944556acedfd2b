#ifndef DAEMON_RULES_ACTION_H
#define DAEMON_RULES_ACTION_H

/* What a [then …] can do. One action is one file in rules/actions/ that exports one descriptor, and
 * one row in action.c. Pure: an action says which calls it wants. */

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "daemon/model/command.h"
#include "daemon/model/run.h"
#include "daemon/rules/ruleset.h"
#include "daemon/rules/scope.h"

enum key_type {
    KEY_TEXT,      /* plain text */
    KEY_BB,        /* text that Bitrix24 reads as BBCode */
    KEY_USER,      /* one user */
    KEY_USERS,     /* several */
    KEY_MOMENT,    /* a point in time; checked at load when it has no template */
    KEY_DURATIONS, /* comma-separated, plain */
    KEY_STAGE,
    KEY_TEMPLATE, /* a document template */
    KEY_NUMBER,
    KEY_JSON, /* JSON whose strings are templates */
    KEY_URL,
    KEY_SECRET_FILE,
    KEY_ANY, /* a value that keeps its type */
};

struct action_key {
    const char *name; /* "title"; "values." (ends in a dot): any key that starts so; "*": any key */
    enum key_type type;
    bool required;
    bool repeat;
};

enum action_target {
    TARGET_NONE,    /* nothing may follow the name */
    TARGET_RELATED, /* nothing, or a relation (item.h): update */
    TARGET_KIND,    /* an entity kind is required: add deal, add item 147 */
    TARGET_METHOD,  /* a REST method is required: rest */
};

/* What an action gets to plan with. */
struct plan {
    struct scope *scope;
    const struct rule *rule;
    const struct run *run;
    const struct step *step;
    const json_t *answers; /* of this run's commands so far, by key; see plan_answer */
    /* out: every call of the step, those already answered among them (they are not made again);
     * when all are answered and PLAN_READY, the step is done */
    struct command *commands; /* owned by the plan's owner */
    size_t count;
    json_t *result; /* owned: becomes {{LABEL.…}} when done; NULL: what the first answer says */
    char note[320]; /* for the trace: what people should know, "" nothing */
    struct err err; /* out with PLAN_BAD and PLAN_STOP */
};

enum planned {
    PLAN_READY, /* commands (if any) or result are set */
    PLAN_NEED,  /* scope->needs got what is missing */
    PLAN_BAD,   /* cannot be done, ever: err says why; the run is dead (or goes on, on-error) */
    PLAN_STOP,  /* the run ends here: err holds the reason */
    PLAN_LATER, /* what it waits for is not there yet, note says what: to be asked again after a
                   pause, as the step's next attempt */
};

struct action {
    const char *name;
    enum action_target target;
    const struct action_key *keys;
    size_t key_count;
    bool fields; /* any other key is FIELD = value */
    /* Beyond keys and targets; may be NULL. Complaints go to diag. */
    void (*check)(const struct step *, const struct rule *, struct diag *);
    /* Called until nothing is missing and nothing more is wanted. Deterministic: the same facts and
     * answers give the same commands under the same keys. */
    enum planned (*plan)(struct plan *);
};

const struct action *action_find(const char *name);
const struct action *const *actions(size_t *ret_count);
const struct action_key *action_key_find(const struct action *, const char *name);

/* Helpers for plans. */
const struct step_key *step_key_find(const struct step *, const char *name);
/* Rendered text of the key of that name, "" when absent (KNOWN with *ret NULL). mem_free. */
enum planned plan_text(struct plan *, const char *name, char **ret);
enum planned plan_users(struct plan *, const char *name, json_t **ret_ids); /* [] when absent */
/* Moment of a key or of `otherwise` ("now + 1 workday") in ISO text of the portal's zone. */
enum planned plan_moment(struct plan *, const char *key, const char *otherwise, char out[26]);
/* FIELD = value keys as an object REST name → value for that kind, as crm.item.add takes it:
 * phones and e-mails are rows of `fm`, a stage of a named funnel brings its categoryId. */
enum planned plan_fields(struct plan *, int entity_type, json_t **ret_fields);
/* Appends a command with key "STEP.N", or "STEP.N~ATTEMPT" when the step is being retried. `n`
 * tells the step's commands apart, and must mean the same command when the facts were fetched anew
 * after a crash: for "one call per contact" it is made of the contact's id. Takes params and look.
 */
struct command *plan_call(struct plan *, int64_t n, const char *method, json_t *params,
                          json_t *look);
/* The answer to command n of this step: NULL when there is none yet. Of earlier attempts only a
 * success counts. */
const json_t *plan_answer(const struct plan *, int64_t n);

#endif
