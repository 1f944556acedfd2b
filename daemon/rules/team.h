#ifndef DAEMON_RULES_TEAM_H
#define DAEMON_RULES_TEAM_H

/* [team NAME] and [substitute USER]: who of several is meant. The rotation comes in as the fact
 * team:NAME and goes out as a turn to be taken (choice.h); absences and loads are facts as well.
 * Pure. */

#include <jansson.h>
#include <stdint.h>

#include "common/diag.h"
#include "daemon/rules/scope.h"

enum team_order { TEAM_ROUND_ROBIN, TEAM_LEAST_BUSY, TEAM_RANDOM };

enum { TEAM_MOST_MEMBERS = 200 };

struct team {
    char *name;
    char **members; /* ids, e-mails, "Имя Фамилия" without the quotes */
    int member_count;
    enum team_order order;
    bool skip_absent;
    char *fallback; /* a user or `head of X` as written, NULL: nobody */
    struct place at;
};

struct substitute {
    char *user, *deputy;      /* as members are written */
    char from[11], until[11]; /* YYYY-MM-DD in the portal's zone, both days included; "": open */
    bool keeps;               /* return = no: what the deputy was given stays with him */
    struct place at;
};

/* What a configuration says of people. Borrowed by rules_env. */
struct staff {
    struct team *teams;
    int team_count;
    struct substitute *substitutes;
    int substitute_count;
};

/* Adds to `ids` whom `team NAME` means: one of them where scope->one_of_team asks for one, else all
 * members. */
enum known team_users(struct scope *, const char *name, json_t *ids);
/* Puts deputies in the place of those who are away, each once. */
enum known team_stand_ins(struct scope *, json_t **ids);

/* Is nobody to stand in for that user (any more)? */
enum known team_is_back(struct scope *, int64_t user, bool *ret);

/* Is that user away now? *ret_why (at least 64 bytes) says what is known of it. Being away is an
 * `absent` entry in the calendar, or no longer being active; `day` also asks for a closed working
 * day. */
enum known team_away(struct scope *, int64_t id, bool day, bool *ret, char why[64]);

#endif
