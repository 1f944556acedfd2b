#ifndef DAEMON_CONFIG_CONFIG_H
#define DAEMON_CONFIG_CONFIG_H

/* /etc/b24bridge: b24bridge.ini, then rules.d/ beside it in name order, as one immutable
 * value. The only place that reads configuration and secret files. One row per key (section, name,
 * parser, default, help) drives parsing, bounds and the manual. product.md §2. */

#include <stdbool.h>
#include <stdint.h>

#include "common/addr.h"
#include "common/calendar.h"
#include "common/diag.h"
#include "common/zone.h"
#include "daemon/rules/ruleset.h"
#include "daemon/rules/scope.h"
#include "daemon/rules/team.h"

enum { CONFIG_MOST_TOKENS = 8, CONFIG_MOST_LISTEN = 8 };

struct config;

struct config_portal {
    char *name;
    char *url;                        /* secret, ends in '/'; the hook */
    char *site;                       /* "https://firm.bitrix24.ru": no secret, for links */
    char *tokens[CONFIG_MOST_TOKENS]; /* secrets */
    int token_count;
    char *robot_keys[CONFIG_MOST_TOKENS]; /* secrets; none: robots are refused */
    int robot_key_count;
    const char *secrets[2 * CONFIG_MOST_TOKENS + 1]; /* all of these, borrowed; NULL-ended */
    double drain, size;                              /* plan */
    double share;
    struct zone *zone;
    int debounce_ms;           /* UPDATE events gather this long (bitrix24.md §10 no. 5) */
    struct calendar *calendar; /* when a step names none: Monday to Friday when none is configured;
                                  else NULL, config_env knows the only one */
    const struct config *config; /* the whole that it is part of */
    struct place at;
};

struct config_calendar {
    char *name;
    struct zone *zone; /* of its hours, owned; NULL: the portal's */
    /* Built once per portal zone in use: calendars[i] belongs to portals[i]. */
    struct calendar **by_portal;
    uint64_t holidays_digest; /* of its holidays files; 0: none */
    struct place at;
};

struct config {
    char *file, *folder;
    struct addr listen[CONFIG_MOST_LISTEN], admin[CONFIG_MOST_LISTEN];
    int listen_count, admin_count;
    char *database; /* absolute or relative to folder, resolved */
    int64_t keep_ms;
    int64_t max_body; /* bytes */
    int64_t max_queue;
    char *senders_file;  /* NULL: everyone */
    struct net *senders; /* from that file */
    int sender_count;
    char *admin_token; /* secret, NULL */
    char **http_allow; /* NULL-ended */
    struct config_portal *portals;
    int portal_count;
    struct config_calendar *calendars;
    int calendar_count;
    struct staff staff; /* teams and substitutes; owned */
    struct ruleset *rules;
    struct ini **files; /* kept: places borrow their names */
    int file_count;
};

/* Loads everything; every mistake goes to diag (all of them at once). NULL when there was any. The
 * caller frees with config_free, which wipes secrets. */
struct config *config_load(const char *file, struct diag *);
/* The same with the smart processes learnt before, which rules may name by title: array
 * {"portal","title","id"}. */
struct config *config_load_knowing(const char *file, const json_t *types, struct diag *);
/* Only [server] of that one file, for verbs that ask a running daemon: they need neither the
 * portals' secrets nor right rules. Never NULL; what could not be read is missing, and diag says
 * why. */
struct config *config_load_server(const char *file, struct diag *);
void config_free(struct config *);

const struct config_portal *config_portal(const struct config *, const char *name);
const struct config_calendar *config_calendar(const struct config *, const char *name);
/* The surroundings of decisions for that portal at that moment. */
void config_env(const struct config *, const struct config_portal *, int64_t now_ms, uint64_t seed,
                struct rules_env *ret);

struct loading; /* loading.h */
struct given;

/* One row of the key table, which drives reading, defaults and the manual. */
struct config_key {
    const char *section; /* "server", "portal" … */
    const char *name;
    const char *fallback; /* as it would be written; NULL: none */
    const char *help;     /* one line */
    enum config_key_times { KEY_ONCE, KEY_REQUIRED, KEY_REPEATED, KEY_REQUIRED_REPEATED } times;
    bool (*read)(struct loading *, const struct given *); /* for daemon/config/ only */
};
/* All rows, those of a section together. */
const struct config_key *config_keys(size_t *ret_count);

#endif
