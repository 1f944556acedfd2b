#include "sandbox/list.h"

#include <stdlib.h>
#include <strings.h>

#include "common/jv.h"
#include "common/mem.h"
#include "sandbox/match.h"

enum { MOST_KEYS = 8 };

struct sort_row {
    json_t *row;
    size_t at; /* keeps the sort stable */
    const struct sorting *by;
};

struct sorting {
    const struct zone *zone;
    struct sort_key {
        const char *member;
        bool down;
    } keys[MOST_KEYS];
    size_t count;
};

static bool bad_direction(const char *name, const json_t *given, struct err *err)
{
    return err_set(err,
                   "Invalid order: allowed sort directions are `ASC, DESC`. But got '%s' for "
                   "field '%s'",
                   jv_text(given, "", ""), name);
}

static bool add_key(const struct list_query *query, const char *name, const json_t *given,
                    struct sorting *sorting, struct err *err)
{
    const char *member = query->member == NULL ? name : query->member(query->arg, name);
    bool down = strcasecmp(jv_text(given, "", ""), "DESC") == 0;
    if (member == NULL)
        return !query->strict ||
               err_set(err, "Invalid order: field '%s' is not allowed in order", name);
    if (query->strict && !down && strcasecmp(jv_text(given, "", ""), "ASC") != 0)
        return bad_direction(name, given, err);
    if (sorting->count < MOST_KEYS)
        sorting->keys[sorting->count++] = (struct sort_key){member, down};
    return true;
}

static bool read_order(const struct list_query *query, struct sorting *sorting, struct err *err)
{
    const char *name;
    json_t *given;
    json_object_foreach (jv_loose(query->order), name, given)
        if (!add_key(query, name, given, sorting, err))
            return false;
    return true;
}

static int compare_rows(const void *a, const void *b)
{
    const struct sort_row *x = a, *y = b;
    const struct sorting *by = x->by;
    for (size_t i = 0; i < by->count; i++) {
        const char *member = by->keys[i].member;
        int order = match_compare(by->zone, json_object_get(x->row, member),
                                  json_object_get(y->row, member));
        if (order != 0)
            return by->keys[i].down ? -order : order;
    }
    return (x->at > y->at) - (x->at < y->at);
}

static json_t *sorted_new(const json_t *found, const struct sorting *sorting)
{
    size_t count = json_array_size(found);
    struct sort_row *rows = mem_array(count + 1, sizeof *rows);
    json_t *out = json_array();
    for (size_t i = 0; i < count; i++)
        rows[i] = (struct sort_row){json_array_get(found, i), i, sorting};
    qsort(rows, count, sizeof *rows, compare_rows);
    for (size_t i = 0; i < count; i++)
        json_array_append(out, rows[i].row);
    mem_free(rows);
    return out;
}

json_t *list_all_new(const json_t *rows, const struct list_query *query, struct err *err)
{
    struct sorting sorting = {.zone = query->zone};
    JV_AUTO *found = json_array();
    const char *number;
    json_t *row;
    bool matches;
    /* An empty table must refuse a wrong filter too. */
    JV_AUTO *nothing = json_object();
    if (!read_order(query, &sorting, err) ||
        !match_row(query, query->filter, nothing, &matches, err))
        return NULL;
    json_object_foreach (jv_loose(rows), number, row) {
        if (!match_row(query, query->filter, row, &matches, err))
            return NULL;
        if (matches)
            json_array_append(found, row);
    }
    return sorting.count == 0 ? json_incref(found) : sorted_new(found, &sorting);
}

bool list_run(const json_t *rows, const struct list_query *query, struct list_page *ret,
              struct err *err)
{
    JV_AUTO *all = list_all_new(rows, query, err);
    if (all == NULL)
        return false;
    bool counted = query->start >= 0; /* §3.6: start -1 is cheap and says neither total nor next */
    int64_t size = (int64_t)json_array_size(all);
    int64_t from = counted ? query->start - query->start % LIST_PAGE : 0;
    *ret = (struct list_page){.rows = json_array(), .total = counted ? size : -1, .next = -1};
    for (int64_t i = from; i < size && i < from + LIST_PAGE; i++)
        json_array_append(ret->rows, json_array_get(all, (size_t)i));
    if (counted && from + LIST_PAGE < size)
        ret->next = from + LIST_PAGE;
    return true;
}
