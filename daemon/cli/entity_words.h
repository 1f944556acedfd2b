#ifndef DAEMON_CLI_ENTITY_WORDS_H
#define DAEMON_CLI_ENTITY_WORDS_H

/* Entities on the command line: `deal 123`, `item 147 22`, `item "Отгрузка" 22`, `"deal 123"`, and
 * `operator` for what operators have done. */

#include "common/err.h"
#include "daemon/cli/args.h"
#include "daemon/model/entity.h"

enum { ENTITY_WORDS_SIZE = ENTITY_ID_SIZE + 256 };

/* All operands from `from` on as one entity; `out` gets it as the API wants it. What number a title
 * has the daemon knows. */
bool entity_words(const struct args *, size_t from, char out[ENTITY_WORDS_SIZE],
                  struct err *) MUST_CHECK;

#endif
