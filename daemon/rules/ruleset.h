#ifndef DAEMON_RULES_RULESET_H
#define DAEMON_RULES_RULESET_H

/* The rules as loaded: plain data, immutable after load, shared by all threads. Loading reads
 * parsed INI sections (no files here) and reports every mistake at once. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/diag.h"
#include "common/duration.h"
#include "common/ini.h"
#include "daemon/model/command.h"
#include "daemon/model/entity.h"
#include "daemon/model/event.h"
#include "daemon/rules/expr.h"
#include "daemon/rules/path.h"
#include "daemon/rules/template.h"
#include "daemon/rules/titles.h"

struct action;
struct signal_ears;

/* A stage as a rule names it (product.md §2.1). */
struct stage_ref {
    enum stage_ref_kind {
        STAGE_ID,    /* C1:WON, DT147_9:NEW */
        STAGE_NAMED, /* "Funnel / Stage", or "Stage" where the kind has one funnel or none */
        STAGE_OPEN,  /* @open @won @lost: by semantics */
        STAGE_WON,
        STAGE_LOST,
        STAGE_CURRENT, /* `deal leaves stage`: the one at the run's start; only in cancel-on */
    } kind;
    char *text; /* owned */
};

enum trigger_kind {
    TRIGGER_ADDED,
    TRIGGER_UPDATED,
    TRIGGER_DELETED,
    TRIGGER_ENTERS,
    TRIGGER_LEAVES,
    TRIGGER_ENTERS_FUNNEL,
    TRIGGER_CHANGES, /* FIELD changes [from A] [to B] */
    TRIGGER_ROBOT,
    TRIGGER_EVENT,
    TRIGGER_BEFORE, /* timers (timer.h): DURATION before or after what stands in a date field, */
    TRIGGER_AFTER,
    TRIGGER_IDLE,   /* nothing new for DURATION, */
    TRIGGER_EVERY,  /* each day at that time */
    TRIGGER_SIGNAL, /* client contacts, call missed …: signal.h */
};

/* The days of `every`; 1 to 7 stand for Monday to Sunday. */
enum { EVERY_DAY = 0, EVERY_WEEKDAY = 8, EVERY_WORKDAY = 9 };

struct trigger {
    enum trigger_kind kind;
    int entity_type; /* ENTITY_NONE: any (robot, event) */
    struct stage_ref stage;
    struct path field;         /* of changes, before and after: the whole path, subject first */
    struct operand *from, *to; /* owned; NULL: anything */
    char *name;                /* owned: a robot's CODE, an EVENT's name upper case, a funnel, a
                                  signal's words */
    struct duration span;      /* of before, after, idle */
    bool yearly;               /* of before, after: the date comes round every year */
    int every, minute_of_day;  /* TRIGGER_EVERY: the day, see above, and the time */
    int signal;                /* TRIGGER_SIGNAL: enum signal */
    char *text;                /* owned: as written, for traces */
    struct place at;
};

enum once_per { ONCE_EVENT, ONCE_ENTITY, ONCE_STAGE_VISIT, ONCE_ENTITY_WINDOW };
enum rule_mode { MODE_PARALLEL, MODE_SINGLE, MODE_RESTART, MODE_QUEUE };
enum rule_state { RULE_ON, RULE_OFF, RULE_SHADOW };
enum late_kind { LATE_RUN, LATE_SKIP, LATE_WITHIN };
enum on_error { ON_ERROR_STOP, ON_ERROR_CONTINUE, ON_ERROR_RETRY };

/* `key = value` of a step: the value as a template, or as something its key's type wants. */
struct step_key {
    char *name;       /* owned, as written */
    struct path path; /* parsed name where the action takes fields (quotes off); count 0 else */
    struct template *value;    /* owned */
    struct place at, value_at; /* key and value */
};

enum step_kind { STEP_THEN, STEP_ELSE, STEP_WAIT };

struct step {
    enum step_kind kind;
    const struct action *action; /* NULL for STEP_WAIT */
    char *target;                /* owned: what stood behind the action's name ("contacts", "deal",
                                    "item 147", a REST method), "" if nothing */
    int fields_of;               /* FIELD = value: of which kind; ENTITY_NONE: cannot be told */
    char *label;                 /* owned: of `as LABEL`, or NULL */
    struct step_key *keys;
    size_t key_count;
    struct expr **ifs; /* all must hold */
    size_t if_count;
    enum on_error on_error;
    enum unsure unsure;
    struct duration wait;
    struct moment until; /* of [wait until …], in place of the duration */
    bool waits_until;
    char *calendar; /* owned: name, or NULL for the only one */
    char *text;     /* owned: the section's head, for traces: "then todo" */
    struct place at;
};

struct rule {
    char *name, *title; /* owned */
    int entity_type;    /* what it speaks of; ENTITY_NONE: nothing (an event without an entity) */
    struct trigger *triggers;
    size_t trigger_count;
    struct expr **ifs;
    size_t if_count;
    char *calendar; /* owned: that its timers reckon by, or NULL for the only one */
    char **portals; /* owned names; none: all */
    size_t portal_count;
    struct trigger *cancels; /* cancel-on that are triggers */
    size_t cancel_count;
    struct expr **cancel_ifs; /* cancel-on that are conditions */
    size_t cancel_if_count;
    enum once_per once;
    int64_t once_window_ms; /* ONCE_ENTITY_WINDOW */
    enum rule_mode mode;
    enum late_kind late;
    int64_t late_ms; /* LATE_WITHIN */
    int limit;       /* firings … */
    int64_t limit_window_ms;
    enum rule_state state;
    int priority; /* enum priority, or -1: by what fired it */
    struct step *steps;
    size_t step_count;
    uint64_t version; /* digest of the rule's text */
    struct place at;
};

/* What a snapshot of one kind of entity keeps: the fields whose old values rules ask for. */
struct watched {
    int type;
    json_t *fields;   /* array of REST names, always with stageId, categoryId, assignedById,
                         title, stageSemanticId, contactId, companyId, contactIds */
    json_t *unsolved; /* array of labels and UF_CRM_… names */
    bool stages;      /* some trigger looks at stages: history is worth reading */
};

struct ruleset {
    struct rule *rules; /* in file order */
    size_t count;
    struct watched *watched; /* owned; one for each kind that rules speak of */
    size_t watched_count;
    struct titles titles;        /* smart processes that rules name by title */
    struct signal_ears *ears;    /* owned; signal.h */
    struct trigger_index *index; /* owned; index.h: trigger kind and type → rules, so that the cost
                                    of an event does not grow with the number of rules */
};

/* What loading may refer to beyond the rules themselves. Borrowed. */
struct ruleset_names {
    const char *const *portals, *const *calendars, *const *teams; /* NULL-ended */
    const json_t *types; /* smart processes learnt before: array {"portal","title","id"}, or NULL */
};

/* Takes every section of `ini` whose head starts with `rule ` and the steps that follow it (marks
 * them used). Complaints go to `diag`; the set then lacks what could not be understood. May be
 * called for several files in name order with the same set; a rule name used twice is an error that
 * names both places. */
void ruleset_load(struct ruleset *, struct ini *, const struct ruleset_names *, struct diag *);
void ruleset_finish(struct ruleset *); /* after the last file: builds watched and index */
struct ruleset *ruleset_new(void);
void ruleset_free(struct ruleset *);

const struct rule *ruleset_find(const struct ruleset *, const char *name);
const struct watched *ruleset_watched(const struct ruleset *, int entity_type);
/* Could any rule that is not off have to do with an event of that name about an entity of that
 * type? Of most that a portal sends, none: those need no look. */
bool ruleset_concerns(const struct ruleset *, int entity_type, const char *event);
/* Does any rule that is not off listen to that robot's CODE? */
bool ruleset_has_robot(const struct ruleset *, const char *portal, const char *code);

#endif
