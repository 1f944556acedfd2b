#ifndef DAEMON_RULES_TITLES_H
#define DAEMON_RULES_TITLES_H

/* Smart processes by title: `item "Отгрузка"`. What number a title has only the portal knows
 * (crm.type.list, bitrix24.md §8.1), so loading takes what was learnt before; a title not learnt
 * yet gets a number that no portal gives, and the rules that need it are held back until the rules
 * are loaded again with it. Pure. */

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "common/err.h"

struct rule;

struct titles {
    const json_t *known; /* borrowed during load: array {"portal","title","id"}; NULL: nothing */
    struct title_used {
        char *title; /* owned: as the rule writes it */
        int type;
    } * used; /* owned: those that are known */
    size_t used_count;
    char **unknown; /* owned: titles that were asked for and are not known */
    size_t unknown_count;
};

void titles_done(struct titles *);
/* The entityTypeId, or the stand-in for an unknown title. False when portals give the title
 * different numbers. */
bool titles_type(struct titles *, const char *title, int *ret, struct err *) MUST_CHECK;
/* The title that this stand-in is for, NULL: it is a real type. */
const char *titles_unknown(const struct titles *, int type);
/* A title by which some rule calls that type, NULL: none. */
const char *titles_used(const struct titles *, int type);
/* The first unknown title that the rule needs, NULL: it needs none. */
const char *titles_missing(const struct titles *, const struct rule *);

#endif
