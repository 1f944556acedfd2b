#include "sandbox/store.h"

#include <inttypes.h>
#include <stdio.h>

struct key {
    char text[24];
};

static struct key key_of(int64_t id)
{
    struct key key;
    (void)snprintf(key.text, sizeof key.text, "%" PRId64, id);
    return key;
}

static void note_birth(struct store *store, const char *table, int64_t id)
{
    if (json_integer_value(json_object_get(store->births, table)) < id)
        json_object_set_new(store->births, table, json_integer(id));
}

static void drop_oldest(json_t *rows)
{
    void *first = json_object_iter(rows);
    if (first != NULL)
        json_object_del(rows, json_object_iter_key(first));
}

void store_init(struct store *store)
{
    *store = (struct store){.tables = json_object(), .births = json_object()};
}

void store_done(struct store *store)
{
    json_decref(store->tables);
    json_decref(store->births);
    *store = (struct store){0};
}

json_t *store_rows(struct store *store, const char *table)
{
    json_t *rows = json_object_get(store->tables, table);
    if (rows == NULL) {
        rows = json_object();
        json_object_set_new(store->tables, table, rows);
    }
    return rows;
}

json_t *store_get(struct store *store, const char *table, int64_t id)
{
    return json_object_get(json_object_get(store->tables, table), key_of(id).text);
}

size_t store_count(struct store *store, const char *table)
{
    return json_object_size(json_object_get(store->tables, table));
}

int64_t store_next(struct store *store, const char *table)
{
    int64_t id = json_integer_value(json_object_get(store->births, table)) + 1;
    note_birth(store, table, id);
    return id;
}

void store_put(struct store *store, const char *table, int64_t id, json_t *row)
{
    json_t *rows = store_rows(store, table);
    if (json_object_size(rows) >= STORE_MOST_ROWS)
        drop_oldest(rows);
    note_birth(store, table, id);
    json_object_set_new(rows, key_of(id).text, row);
}

bool store_drop(struct store *store, const char *table, int64_t id)
{
    return json_object_del(json_object_get(store->tables, table), key_of(id).text) == 0;
}
