#ifndef DAEMON_RULES_STEP_LOAD_H
#define DAEMON_RULES_STEP_LOAD_H

/* One step on its way from a section into a rule: what load_step.c, target.c and step_value.c
 * share. */

#include "daemon/rules/load.h"

struct step_load {
    struct loader *loader;
    struct ini_section *section;
    const struct rule *rule;
    struct expr_names names; /* what paths of this step may begin with */
    struct step *out;
    int fields_of;       /* FIELD = value: of which kind; ENTITY_NONE: cannot be told */
    bool needs_calendar; /* some key reckons in working time */
};

#endif
