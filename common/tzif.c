#include "common/tzif.h"

#include <string.h>

#include "common/mem.h"

enum {
    HEAD_SIZE = 44,
    TYPE_SIZE = 6,
    MOST_OFFSET = 26 * 3600, /* exclusive; RFC 8536 §3.2 */
    MOST_CHANGES = 4096,
    MOST_TYPES = 256,
};

/* The six counts of a header, in the order of the file. */
struct counts {
    uint32_t ut, standard, leap, time, type, letter;
};

struct reader {
    const uint8_t *bytes;
    size_t size, at;
};

static uint32_t big32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static int64_t big64(const uint8_t *p)
{
    return (int64_t)((uint64_t)big32(p) << 32 | big32(p + 4));
}

/* The next `size` bytes, or NULL when the file ends before. */
static const uint8_t *take(struct reader *r, size_t size)
{
    if (size > r->size - r->at)
        return NULL;
    const uint8_t *p = r->bytes + r->at;
    r->at += size;
    return p;
}

static bool take_head(struct reader *r, struct counts *ret, struct err *err)
{
    const uint8_t *p = take(r, HEAD_SIZE);
    if (p == NULL || memcmp(p, "TZif", 4) != 0)
        return err_set(err, "not a TZif file");
    if (p[4] < '2')
        return err_set(err, "a TZif file of version 1, which has no rule for the future");
    *ret = (struct counts){big32(p + 20), big32(p + 24), big32(p + 28),
                           big32(p + 32), big32(p + 36), big32(p + 40)};
    return true;
}

/* No overflow: six 32-bit counts times at most 12. */
static uint64_t block_size(const struct counts *c, uint64_t time_size)
{
    return c->time * (time_size + 1) + (uint64_t)c->type * TYPE_SIZE + c->letter +
           c->leap * (time_size + 4) + c->standard + c->ut;
}

static bool check_counts(const struct counts *c, struct err *err)
{
    if (c->leap != 0)
        return err_set(err, "it counts leap seconds, take the zone outside \"right/\"");
    if (c->type == 0 || c->type > MOST_TYPES || c->time > MOST_CHANGES)
        return err_set(err, "the TZif file has %u offsets and %u changes", c->type, c->time);
    return true;
}

static bool read_offsets(const uint8_t *types, const struct counts *c, int *ret, struct err *err)
{
    for (uint32_t i = 0; i < c->type; i++) {
        ret[i] = (int)(int32_t)big32(types + (size_t)i * TYPE_SIZE);
        if (ret[i] <= -MOST_OFFSET || ret[i] >= MOST_OFFSET)
            return err_set(err, "the TZif file has an offset of %d seconds", ret[i]);
    }
    return true;
}

static bool read_changes(const uint8_t *block, const struct counts *c, struct tzif *t,
                         struct err *err)
{
    int offsets[MOST_TYPES] = {0};
    const uint8_t *kinds = block + (size_t)c->time * 8;
    if (!read_offsets(kinds + c->time, c, offsets, err))
        return false;
    t->first_offset = offsets[0];
    t->changes = mem_array(c->time, sizeof *t->changes);
    for (; t->count < c->time; t->count++) {
        int64_t at = big64(block + t->count * 8);
        if (t->count > 0 && at <= t->changes[t->count - 1].at)
            return err_set(err, "the changes in the TZif file are out of order");
        if (kinds[t->count] >= c->type)
            return err_set(err, "the TZif file names an offset that it does not list");
        t->changes[t->count] = (struct tzif_change){at, offsets[kinds[t->count]]};
    }
    return true;
}

/* "\nRULE\n"; an empty rule means that nobody knows, and the last offset stays. */
static bool read_footer(struct reader *r, struct tzif *t, struct err *err)
{
    const char *text = (const char *)r->bytes + r->at;
    size_t left = r->size - r->at;
    const char *end = left > 0 && text[0] == '\n' ? memchr(text + 1, '\n', left - 1) : NULL;
    if (end == NULL)
        return err_set(err, "the TZif file is cut short");
    size_t size = (size_t)(end - text) - 1;
    t->has_rule = size > 0;
    if (t->has_rule && !tzrule_parse(text + 1, size, &t->rule))
        return err_set(err, "the rule at the end of the TZif file cannot be read");
    return true;
}

static bool read_all(struct reader *r, struct tzif *t, struct err *err)
{
    struct counts old = {0}; /* the first block is for programs with 32-bit time */
    struct counts c = {0};
    if (!take_head(r, &old, err))
        return false;
    if (take(r, block_size(&old, 4)) == NULL)
        return err_set(err, "the TZif file is cut short");
    if (!take_head(r, &c, err) || !check_counts(&c, err))
        return false;
    const uint8_t *block = take(r, block_size(&c, 8));
    if (block == NULL)
        return err_set(err, "the TZif file is cut short");
    return read_changes(block, &c, t, err) && read_footer(r, t, err);
}

bool tzif_parse(const void *bytes, size_t size, struct tzif *ret, struct err *err)
{
    *ret = (struct tzif){0};
    if (size > TZIF_MOST_BYTES)
        return err_set(err, "the TZif file is larger than %d bytes", TZIF_MOST_BYTES);
    struct reader r = {.bytes = bytes, .size = size};
    if (read_all(&r, ret, err))
        return true;
    tzif_done(ret);
    return false;
}

void tzif_done(struct tzif *t)
{
    mem_free(t->changes);
    *t = (struct tzif){0};
}

/* How many changes lie at or before `second`. */
static size_t changes_until(const struct tzif *t, int64_t second)
{
    size_t low = 0;
    size_t high = t->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (t->changes[middle].at <= second)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

struct tzspan tzif_span(const struct tzif *t, int64_t second)
{
    size_t passed = changes_until(t, second);
    if (passed < t->count || !t->has_rule)
        return (struct tzspan){
            .from = passed > 0 ? t->changes[passed - 1].at : INT64_MIN,
            .to = passed < t->count ? t->changes[passed].at : INT64_MAX,
            .offset = passed > 0 ? t->changes[passed - 1].offset : t->first_offset,
        };
    struct tzspan span = tzrule_span(&t->rule, second);
    if (passed > 0 && span.from < t->changes[passed - 1].at)
        span.from = t->changes[passed - 1].at;
    return span;
}
