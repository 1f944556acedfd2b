#ifndef SANDBOX_LIST_H
#define SANDBOX_LIST_H

/* filter, order and start of the list methods (bitrix24.md §3.6) over the rows of one table. */

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/err.h"
#include "common/zone.h"

enum { LIST_PAGE = 50 };

struct list_query {
    const json_t *filter, *order; /* as given; NULL allowed */
    int64_t start;                /* -1: neither total nor next */
    bool strict;                  /* an unknown name is an error, not ignored (§3.5) */
    /* Name that the caller uses → member of the rows; NULL: unknown. NULL: names are the same. */
    const char *(*member)(const void *arg, const char *name);
    const void *arg;
    const struct zone *zone; /* of dates without an offset */
};

struct list_page {
    json_t *rows;  /* new array of borrowed rows */
    int64_t total; /* -1: not counted */
    int64_t next;  /* -1: this was the last page */
};

/* `rows` is a map of rows. False with the text of INVALID_ARG_VALUE. */
bool list_run(const json_t *rows, const struct list_query *, struct list_page *ret,
              struct err *) MUST_CHECK;
/* All rows that match, in order, without pages. New array, NULL on error. */
json_t *list_all_new(const json_t *rows, const struct list_query *, struct err *) MUST_CHECK;

#endif
