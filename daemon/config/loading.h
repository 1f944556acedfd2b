#ifndef DAEMON_CONFIG_LOADING_H
#define DAEMON_CONFIG_LOADING_H

/* A configuration in the making: what the files of this folder share while config_load runs. */

#include "common/diag.h"
#include "common/ini.h"
#include "daemon/config/config.h"

struct calendar_line {
    int calendar; /* index */
    bool holiday;
    char *text;
};

struct loading {
    struct config *config;
    struct diag *diag;
    const json_t *types;          /* smart processes by title; borrowed, may be NULL */
    struct ini_section *section;  /* at hand; NULL: [server] is nowhere */
    struct config_portal *portal; /* the one at hand; likewise below */
    struct config_calendar *calendar;
    struct team *team;
    struct substitute *substitute;
    /* The lines of all calendars that made sense: they are built once every portal's zone is
     * known. Owned. */
    struct calendar_line *lines;
    size_t line_count;
    struct calendar *draft; /* of the calendar at hand, in any zone: finds the mistakes */
    struct zone *draft_zone;
};

/* One kind of section. `begin` makes the object and points the loading to it; `finish` checks what
 * no single key can see; either may be NULL. Complaints go to diag. */
struct section_kind {
    const char *word;
    bool named; /* [portal NAME] */
    void (*begin)(struct loading *, const char *name, struct place at);
    void (*finish)(struct loading *);
    bool free; /* the name is not one plain word; `begin` looks at it */
};
extern const struct section_kind section_server, section_portal, section_calendar, section_team,
    section_substitute;

/* Reads the section at hand by the key table: values, defaults, unknown, repeated and missing keys.
 * `at` stands for the section where it is missing wholly. */
void keys_read(struct loading *, const char *section_word, struct place at);

/* Builds every calendar for every portal's zone. */
void calendars_build(struct loading *);

#endif
