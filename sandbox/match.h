#ifndef SANDBOX_MATCH_H
#define SANDBOX_MATCH_H

/* Conditions of a filter and the order of values (bitrix24.md §3.6). */

#include "sandbox/list.h"

/* Does the row satisfy the filter? False with err on a name that the query does not know. */
bool match_row(const struct list_query *, const json_t *filter, const json_t *row,
               bool *ret_matches, struct err *) MUST_CHECK;
/* <0, 0, >0: numbers as numbers, dates as moments, the rest as text; empty before everything. */
int match_compare(const struct zone *, const json_t *a, const json_t *b);

#endif
