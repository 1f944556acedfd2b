#ifndef DAEMON_ADMIN_QUERY_H
#define DAEMON_ADMIN_QUERY_H

/* What is asked for, from the query of a request: names become ids, words become states. Errors say
 * what would be right. */

#include <jansson.h>

#include "daemon/admin/parts.h"

/* 0 (all portals) when the query names none. */
bool query_portal(struct admin *, const json_t *query, int64_t *ret, struct err *) MUST_CHECK;
/* The name of a portal in the configuration, "" when it is not there any more. */
const char *query_portal_name(const struct admin *, int64_t portal);
/* "deal 123", "item 147 22", "item Отгрузка 22", "operator": words apart by blanks. */
bool query_entity(struct admin *, const json_t *query, struct entity *ret, struct err *) MUST_CHECK;
/* A rule of the configuration; "" when the query names none. */
bool query_rule(struct admin *, const json_t *query, const char **ret, struct err *) MUST_CHECK;
/* A number above 0; 0 when the query has none. */
bool query_id(const json_t *query, const char *name, int64_t *ret, struct err *) MUST_CHECK;

/* state rule portal entity reason since until. `entity` is where an entity is put; the filter
 * borrows from it and from the query. */
bool query_filter(struct admin *, const json_t *query, struct entity *entity,
                  struct run_filter *ret, struct err *) MUST_CHECK;

#endif
