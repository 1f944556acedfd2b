#ifndef DAEMON_CONFIG_SENDERS_H
#define DAEMON_CONFIG_SENDERS_H

/* The addresses that events may come from: the JSON that Bitrix24 publishes, {"nodes":["ip",…]}
 * (bitrix24.md §1.1), or one address or network a line. Pure. */

#include <stddef.h>

#include "common/addr.h"
#include "common/diag.h"

/* *ret_nets (mem_free) gets them. Every mistake goes to diag; false then. An empty list is one: it
 * would refuse everybody. */
bool senders_parse(const char *file, const char *text, size_t size, struct net **ret_nets,
                   int *ret_count, struct diag *);

#endif
