#include "daemon/engine/held.h"

#include <pthread.h>
#include <string.h>

#include "common/jv.h"
#include "common/mem.h"

enum { HELD_MOST = 1000 };

struct held {
    pthread_mutex_t lock; /* guards rows */
    json_t *rows;         /* array of {"portal","kind","why"} */
};

struct held *held_new(void)
{
    struct held *h = mem_alloc(sizeof *h);
    pthread_mutex_init(&h->lock, NULL);
    h->rows = json_array();
    return h;
}

void held_free(struct held *h)
{
    if (h == NULL)
        return;
    json_decref(h->rows);
    pthread_mutex_destroy(&h->lock);
    mem_free(h);
}

static bool row_is(const json_t *row, const char *name, const char *text)
{
    return strcmp(json_string_value(json_object_get(row, name)), text) == 0;
}

bool held_begin(struct held *h, const char *portal, const char *kind, const char *why)
{
    JV_AUTO *text = jv_string_new(why); /* a reason may have been cut within a letter */
    pthread_mutex_lock(&h->lock);
    bool news = json_array_size(h->rows) < HELD_MOST;
    size_t i;
    json_t *row;
    json_array_foreach (h->rows, i, row)
        news = news && !(row_is(row, "portal", portal) && row_is(row, "kind", kind) &&
                         json_equal(json_object_get(row, "why"), text));
    if (news)
        json_array_append_new(
            h->rows, json_pack("{s:s, s:s, s:O}", "portal", portal, "kind", kind, "why", text));
    pthread_mutex_unlock(&h->lock);
    return news;
}

void held_end(struct held *h, const char *portal, const char *kind)
{
    pthread_mutex_lock(&h->lock);
    for (size_t i = json_array_size(h->rows); i-- > 0;)
        if (row_is(json_array_get(h->rows, i), "portal", portal) &&
            row_is(json_array_get(h->rows, i), "kind", kind))
            (void)json_array_remove(h->rows, i);
    pthread_mutex_unlock(&h->lock);
}

json_t *held_list(struct held *h)
{
    pthread_mutex_lock(&h->lock);
    json_t *copy = json_deep_copy(h->rows);
    pthread_mutex_unlock(&h->lock);
    return copy;
}
