#ifndef SANDBOX_STORE_H
#define SANDBOX_STORE_H

/* Everything that the portal remembers: tables of JSON objects by number, in order of birth.
 * Borrowed values unless said otherwise. */

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

enum { STORE_MOST_ROWS = 200000 }; /* of one table; the oldest go first */

struct store {
    json_t *tables; /* name → {number → row} */
    json_t *births; /* name → the number given last */
};

void store_init(struct store *);
void store_done(struct store *);

/* The table's rows, {number → row}; made when it is not there. */
json_t *store_rows(struct store *, const char *table);
json_t *store_get(struct store *, const char *table, int64_t id); /* NULL */
size_t store_count(struct store *, const char *table);
/* A number that was never given before. */
int64_t store_next(struct store *, const char *table);
/* Takes the row over, under that number. */
void store_put(struct store *, const char *table, int64_t id, json_t *row);
bool store_drop(struct store *, const char *table, int64_t id);

#endif
