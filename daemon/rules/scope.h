#ifndef DAEMON_RULES_SCOPE_H
#define DAEMON_RULES_SCOPE_H

/* What a condition or a template can see, and how a path finds its value there. Missing facts are
 * named in `needs`; the caller fetches and asks again, so nothing here ever waits. Pure; one scope
 * belongs to one evaluation. */

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/calendar.h"
#include "common/err.h"
#include "common/zone.h"
#include "daemon/model/entity.h"
#include "daemon/rules/expr.h"

struct ruleset;
struct rule;
struct staff;

/* The surroundings of a decision that do not change during it. Borrowed. */
struct rules_env {
    int64_t now_ms; /* wall */
    const struct zone *zone;
    const char *portal_url; /* "https://firm.bitrix24.ru" without the hook: for links */
    /* Calendars by name; default_calendar is the only one, or Monday-Friday 9-18 when none is
     * configured; NULL when there are several (a step must name one). */
    const struct calendar *(*calendar)(const void *arg, const char *name);
    const void *calendar_arg;
    const struct calendar *default_calendar;
    uint64_t seed;             /* for anything that is to be random */
    const struct staff *staff; /* teams and substitutes (team.h), NULL: there are none */
};

struct scope {
    const struct rules_env *env;
    int entity_type;      /* what the rule speaks of */
    struct entity entity; /* which one; type ENTITY_NONE when there is none */
    const json_t *facts;  /* need → value (model/need.h) */
    const json_t *vars;   /* run.vars: old, event, actor, labels, gone … may be NULL */
    json_t *needs;        /* out: array of texts without repeats; owned by the caller */
    json_t *trace;        /* out: array, NULL when nobody reads it. Entries of expr_eval:
                             {"text":"deal.opportunity > 1000","left":…,"right":…,"is":false} */
    bool one_of_team;     /* `team NAME` means the one whose turn it is, not all its members */
    json_t *picks;        /* out: what was decided on the way (choice.h); NULL: nobody asks */
    bool later;           /* out with KNOWN_BAD: it may be otherwise in an hour */
    json_t *resolved;     /* out: object pin → id (scope_pin), NULL when nobody keeps them */
    struct err err;       /* out with KNOWN_BAD */
};

/* What names meant when they were first resolved stands among the facts under this key: object
 * "KIND:TYPE:NAME" → id. A pinned name goes on meaning the same thing after it was renamed on the
 * portal; names.h finds out that it was. */
#define SCOPE_PINS "pins:"
enum { SCOPE_PIN_SIZE = 320 };
void scope_pin_print(const char *kind, int type, const char *name, char out[SCOPE_PIN_SIZE]);
/* Are names themselves being tried (names.h), and not a rule at work? Then ids have to be there as
 * well, and who may have been meant is looked for. */
static inline bool scope_is_trial(const struct scope *scope)
{
    return scope->resolved != NULL;
}
/* The id that the name is pinned to (borrowed, and noted in scope->resolved), NULL: to none. */
const json_t *scope_pin(const struct scope *, const char *kind, int type, const char *name);
/* The name means that id: noted in scope->resolved. Takes the id. */
void scope_pin_note(struct scope *, const char *kind, int type, const char *name, json_t *id);

/* Says in scope->err why it cannot be; returns KNOWN_BAD. */
enum known scope_bad(struct scope *, const char *format, ...) PRINTF_LIKE(2, 3);
/* Adds a need and returns KNOWN_NOT. */
enum known scope_need(struct scope *, const char *need);
/* The fact of that name (borrowed), or KNOWN_NOT with the need added. */
enum known scope_fact(struct scope *, const char *need, const json_t **ret);

/* The value a path names (new reference; a missing value is json null). Heads: the kind's word
 * (deal, lead, item …), old, actor, event, now, a label. Fields by short name, REST name, UPPER
 * name, "label". Relations load by themselves: contact company assigned (a user) createdBy, their
 * fields, `.head`, `.name` … `deal.contact` alone is the contact's full name, `deal.assigned` alone
 * the user's id, `deal.contacts` the list of ids, `deal.contacts.name` their names. A user has
 * name, lastName, fullName, email, phone, position, department, head, id. */
enum known scope_get(struct scope *, const struct path *, json_t **ret_value);

/* The REST name of the field that a word names on that kind (labels and UF_ names through
 * `fields:TYPE`). `out` at least 96 bytes. KNOWN_BAD names the nearest. */
enum known scope_field_name(struct scope *, int entity_type, const struct path_part *,
                            char out[96]);

/* User ids that a text means: "17", e-mail, "Имя Фамилия", `head of X`, `team NAME`,
 * comma-separated lists; JSON numbers and arrays as they are. `ret` gets a new array of integers.
 * Used for `to`, `responsible`, `observers` … Unknown user: KNOWN_BAD. */
enum known scope_users(struct scope *, const json_t *value, json_t **ret_ids);

/* The stage id (and its funnel, -1 if none) that a text means for that kind: an id as it is, or
 * "Funnel / Stage". */
enum known scope_stage(struct scope *, int entity_type, const char *text, char out_stage[96],
                       int64_t *ret_category);
/* The id of the document template of that name or id for that kind. */
enum known scope_template(struct scope *, int entity_type, const char *text, int64_t *ret);
/* 'P', 'S', 'F' of a stage id of that kind, '?' when the portal does not list it. */
enum known scope_semantic(struct scope *, int entity_type, const char *stage, char *ret);

/* "https://…/crm/deal/details/123/" of an entity, "" if it has no card. mem_free. */
char *scope_link_new(const struct scope *, const struct entity *);

/* Is this word the head of a path here? */
bool path_is_head(const struct expr_names *, const char *word);
/* Can it lead to something with a card of its own, as far as is known at load: deal, deal.contact?
 */
bool path_may_be_entity(const struct path *, const struct expr_names *);
/* Checks at load that a path can mean something: known head, known field (near name offered). */
bool path_check(const struct path *, const struct expr_names *, const struct ini_entry *,
                size_t offset_in_value, struct diag *);

#endif
