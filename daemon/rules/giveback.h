#ifndef DAEMON_RULES_GIVEBACK_H
#define DAEMON_RULES_GIVEBACK_H

/* [substitute USER]: what his deputy was given while he was away, and how it goes back. Pure. */

#include <jansson.h>

#include "daemon/model/command.h"
#include "daemon/model/given.h"

/* Does the command give something to a deputy whom the run chose (vars.chosen, choice.h) and who is
 * to give it back? Sets owner and deputy. */
bool giveback_of(const struct command *, const json_t *vars, struct given *ret);
/* Is there still something to be given back, as the record (entity:TYPE:ID) says? */
bool giveback_stands(const struct given *, const json_t *record);
/* The call that gives it back. command_done. */
void giveback_command(const struct given *, struct command *ret);

#endif
