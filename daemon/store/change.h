#ifndef DAEMON_STORE_CHANGE_H
#define DAEMON_STORE_CHANGE_H

/* A change on its way to the writer: its rows packed into one block of bytes, so that making one
 * costs a thread two allocations and the writer binds straight from the block. Put functions pack
 * (put.c), apply.c unpacks. */

#include <sqlite3.h>
#include <stddef.h>

#include "daemon/store/sql.h"
#include "daemon/store/store.h"

struct value {
    enum value_kind { VALUE_NULL, VALUE_INT, VALUE_TEXT } kind;
    int64_t number;
    const char *text; /* borrowed */
};

static inline struct value value_int(int64_t number)
{
    return (struct value){.kind = VALUE_INT, .number = number};
}

/* NULL becomes SQL NULL. */
static inline struct value value_text(const char *text)
{
    return (struct value){.kind = text != NULL ? VALUE_TEXT : VALUE_NULL, .text = text};
}

/* Who waits for it, see lanes.h. */
enum change_lane { CHANGE_ARRIVAL, CHANGE_WORK, CHANGE_LANES };

struct store_change {
    struct store_change *next; /* in a change_list */
    enum change_lane lane;
    store_done_fn *done; /* NULL: nobody wants to know */
    void *arg;
    int weight; /* rows it will touch, as far as known */
    bool ok;    /* set by the writer, with err when false */
    struct err err;
    unsigned char *bytes;
    size_t size, capacity;
};

/* First in, first out. Not thread-safe. */
struct change_list {
    struct store_change *head, *tail;
    int64_t length;
};
void change_push(struct change_list *, struct store_change *);
struct store_change *change_pop(struct change_list *); /* NULL when empty */
/* Moves all of `from` behind what is in `to`. */
void change_append(struct change_list *to, struct change_list *from);

enum { CHANGE_MOST_VALUES = 24 };

/* Packs one row for that statement. */
void change_add(struct store_change *, enum sql_write, const struct value *, size_t count);
#define CHANGE_ADD(change, statement, ...)                                                         \
    change_add(change, statement, (const struct value[]){__VA_ARGS__},                             \
               sizeof((const struct value[]){__VA_ARGS__}) / sizeof(struct value))

struct change_row {
    enum sql_write statement;
    size_t count;
    struct value values[CHANGE_MOST_VALUES]; /* texts lie in the change */
};
/* The row at *at (0: the first), and moves on. False at the end. */
bool change_row(const struct store_change *, size_t *at, struct change_row *ret);
/* Resets the statement and binds all values; texts must outlive the step. */
void change_bind(sqlite3_stmt *, const struct change_row *);

#endif
