#ifndef TESTS_SUPPORT_TZIF_BYTES_H
#define TESTS_SUPPORT_TZIF_BYTES_H

/* TZif files (RFC 8536) made by hand, so that tests of zones need no database and can break each
 * byte. */

#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct tzif_bytes {
    unsigned char bytes[1024];
    size_t size;
};

/* What a file is to say. */
struct tzif_plan {
    char version;
    size_t change_count;
    int64_t at[8];         /* seconds UTC */
    unsigned char type[8]; /* of the change: index in offsets */
    size_t type_count;
    int32_t offsets[4]; /* seconds east of UTC */
    uint32_t leap_count;
    const char *footer; /* without its newlines; NULL: no footer at all */
};

static inline void tzif_put(struct tzif_bytes *f, const void *bytes, size_t size)
{
    memcpy(f->bytes + f->size, bytes, size);
    f->size += size;
}

static inline void tzif_put_number(struct tzif_bytes *f, uint64_t number, int size)
{
    for (int i = size - 1; i >= 0; i--)
        f->bytes[f->size++] = (unsigned char)(number >> (8 * i));
}

static inline void tzif_put_head(struct tzif_bytes *f, char version, uint32_t leaps, size_t changes,
                                 size_t types)
{
    static const char reserved[15] = {0};
    tzif_put(f, "TZif", 4);
    tzif_put(f, &version, 1);
    tzif_put(f, reserved, sizeof reserved);
    tzif_put_number(f, 0, 4);
    tzif_put_number(f, 0, 4);
    tzif_put_number(f, leaps, 4);
    tzif_put_number(f, changes, 4);
    tzif_put_number(f, types, 4);
    tzif_put_number(f, 4, 4); /* letters: "LMT\0" */
}

static inline void tzif_put_type(struct tzif_bytes *f, int32_t offset)
{
    tzif_put_number(f, (uint32_t)offset, 4);
    tzif_put_number(f, 0, 2); /* no summer time, first name */
}

static inline struct tzif_bytes tzif_build(const struct tzif_plan *plan)
{
    struct tzif_bytes f = {.size = 0};
    tzif_put_head(&f, plan->version, 0, 0, 1); /* the 32-bit block, as small as zic makes it */
    tzif_put_type(&f, 0);
    tzif_put(&f, "LMT", 4);
    tzif_put_head(&f, plan->version, plan->leap_count, plan->change_count, plan->type_count);
    for (size_t i = 0; i < plan->change_count; i++)
        tzif_put_number(&f, (uint64_t)plan->at[i], 8);
    tzif_put(&f, plan->type, plan->change_count);
    for (size_t i = 0; i < plan->type_count; i++)
        tzif_put_type(&f, plan->offsets[i]);
    tzif_put(&f, "LMT", 4);
    for (uint32_t i = 0; i < plan->leap_count; i++)
        tzif_put(&f, "leap second", 12);
    if (plan->footer != NULL) {
        tzif_put(&f, "\n", 1);
        tzif_put(&f, plan->footer, strlen(plan->footer));
        tzif_put(&f, "\n", 1);
    }
    return f;
}

/* Central Europe in little: local mean time, standard time from 1893, the two changes of 2026, and
 * the rule for ever after. */
static const struct tzif_plan tzif_plan_berlin = {
    .version = '2',
    .change_count = 3,
    .at = {-2422054408, 1774746000, 1792890000},
    .type = {1, 2, 1},
    .type_count = 3,
    .offsets = {3208, 3600, 7200},
    .footer = "CET-1CEST,M3.5.0,M10.5.0/3",
};

#endif
