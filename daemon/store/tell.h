#ifndef DAEMON_STORE_TELL_H
#define DAEMON_STORE_TELL_H

/* Rows as the JSON that people and programs see. Times stay milliseconds, in members that end in
 * _ms: whoever shows them knows the zone. */

#include "daemon/store/columns.h"

/* {"type": "deal", "id": "123"}; a smart process is "item 147". New. */
json_t *tell_entity_new(const struct entity *);
/* {"id","rule","portal","entity","state","step","due_ms","attempt","priority","reason","cause_event",
 * "cause_run","created_ms","updated_ms"}. New. */
json_t *tell_run_new(const struct run *, const char *portal_name);
/* A time, null when there was none. New. */
json_t *tell_ms_new(int64_t ms);
/* Sets a member of an object from text of any bytes. */
void tell_text(json_t *object, const char *member, const char *text);

enum { TELL_MOST = 10000 }; /* rows of one answer */
int64_t tell_ceiling(int64_t most);

#endif
