#include "daemon/engine/holds.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#include "common/mem.h"

struct holds {
    atomic_size_t busy; /* count, to be looked at without the lock: mostly it is 0 */
    atomic_bool news;
    pthread_mutex_t lock; /* guards everything below */
    struct hold *entries;
    size_t count;
};

struct holds *holds_new(void)
{
    struct holds *h = mem_alloc(sizeof *h);
    pthread_mutex_init(&h->lock, NULL);
    atomic_store(&h->news, true);
    return h;
}

void holds_free(struct holds *h)
{
    if (h == NULL)
        return;
    pthread_mutex_destroy(&h->lock);
    mem_free(h->entries);
    mem_free(h);
}

bool holds_restore(struct holds *h, struct store_reader *reader, struct err *err)
{
    int64_t count = 0;
    struct hold *entries = NULL;
    if (!store_read_holds(reader, &entries, &count, err))
        return false;
    pthread_mutex_lock(&h->lock);
    mem_free(h->entries);
    h->entries = entries;
    h->count = (size_t)count;
    atomic_store(&h->busy, h->count);
    pthread_mutex_unlock(&h->lock);
    return true;
}

static size_t find_locked(const struct holds *h, int64_t portal, const char *rule)
{
    size_t i = 0;
    while (i < h->count &&
           (h->entries[i].portal != portal || strcmp(h->entries[i].rule, rule) != 0))
        i++;
    return i;
}

void holds_set(struct holds *h, const struct hold *hold, bool on)
{
    pthread_mutex_lock(&h->lock);
    size_t at = find_locked(h, hold->portal, hold->rule);
    if (on && at == h->count)
        h->entries = mem_grow(h->entries, ++h->count, sizeof *h->entries);
    if (on)
        h->entries[at] = *hold;
    else if (at < h->count)
        h->entries[at] = h->entries[--h->count];
    atomic_store(&h->busy, h->count);
    pthread_mutex_unlock(&h->lock);
    if (!on)
        atomic_store(&h->news, true);
}

bool holds_portal(struct holds *h, int64_t portal)
{
    return holds_rule(h, portal, "", NULL);
}

bool holds_rule(struct holds *h, int64_t portal, const char *rule, struct hold *ret)
{
    const struct {
        int64_t portal;
        const char *rule;
    } wider[] = {{portal, ""}, {portal, rule}, {0, rule}};
    bool held = false;
    if (atomic_load(&h->busy) == 0)
        return false;
    pthread_mutex_lock(&h->lock);
    for (size_t i = 0; i < sizeof wider / sizeof wider[0] && !held; i++) {
        size_t at = find_locked(h, wider[i].portal, wider[i].rule);
        held = at < h->count;
        if (held && ret != NULL)
            *ret = h->entries[at];
    }
    pthread_mutex_unlock(&h->lock);
    return held;
}

bool holds_take_news(struct holds *h)
{
    return atomic_exchange(&h->news, false);
}

void holds_put_news(struct holds *h)
{
    atomic_store(&h->news, true);
}

struct hold *holds_list(struct holds *h, size_t *ret_count)
{
    pthread_mutex_lock(&h->lock);
    *ret_count = h->count;
    struct hold *copy = mem_array(h->count + 1, sizeof *copy);
    if (h->count > 0)
        memcpy(copy, h->entries, h->count * sizeof *copy);
    pthread_mutex_unlock(&h->lock);
    return copy;
}
