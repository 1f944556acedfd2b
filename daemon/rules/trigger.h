#ifndef DAEMON_RULES_TRIGGER_H
#define DAEMON_RULES_TRIGGER_H

/* The text of `on` and `cancel-on` as a trigger (product.md §2.1): `deal enters "Funnel / Stage"`,
 * `deal.assigned changes to 17`, `robot call-me`. Pure. */

#include <stdbool.h>

#include "common/diag.h"
#include "common/ini.h"
#include "daemon/rules/ruleset.h"

struct trigger_frame {
    int entity_type; /* what the rule speaks of so far, ENTITY_NONE: nothing yet. `item` without a
                        number is that smart process */
    struct titles *titles; /* smart processes by title; NULL: only numbers are understood */
    bool cancel;           /* in cancel-on: `deal leaves stage` means something */
};

/* Parses the entry's whole value. False when a complaint went to diag; *ret is empty then. */
bool trigger_parse(const struct ini_entry *, const struct trigger_frame *, struct trigger *ret,
                   struct diag *);
void trigger_done(struct trigger *);
/* The words that a trigger is known by (added, enters … robot, every …), one by one; NULL behind
 * the last. For the manual. */
const char *trigger_word(size_t i);

/* cancel-on takes conditions too. Is this text rather a trigger? A name followed by a word that is
 * no operator: `deal leaves stage` is one, `deal.stage = C1:WON` and `deal.closed` are not. */
bool trigger_looks_like(const char *text);

#endif
