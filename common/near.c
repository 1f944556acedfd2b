#include "common/near.h"

#include <stdint.h>
#include <string.h>

#include "common/utf8.h"

/* Longer names are not mistyped but wrong. */
enum { LONGEST = 80 };

struct word {
    uint32_t letters[LONGEST];
    size_t length;
};

/* False when the word is too long to compare. */
static bool read_word(const char *text, struct word *ret)
{
    struct buf lower BUF_AUTO;
    buf_init(&lower, (size_t)LONGEST * 4);
    utf8_lower(&lower, text);
    ret->length = 0;
    for (size_t at = 0; at < lower.size;) {
        if (ret->length == LONGEST)
            return false;
        size_t used = utf8_decode(lower.data + at, lower.size - at, &ret->letters[ret->length++]);
        at += used > 0 ? used : 1;
    }
    return !lower.full;
}

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Edit distance with swapped neighbours as one edit (optimal string alignment), by three rows. */
static size_t distance(const struct word *a, const struct word *b)
{
    size_t rows[3][LONGEST + 1] = {0};
    for (size_t j = 0; j <= b->length; j++)
        rows[0][j] = j;
    for (size_t i = 1; i <= a->length; i++) {
        size_t *now = rows[i % 3];
        const size_t *above = rows[(i + 2) % 3];
        const size_t *two_above = rows[(i + 1) % 3];
        now[0] = i;
        for (size_t j = 1; j <= b->length; j++) {
            bool differ = a->letters[i - 1] != b->letters[j - 1];
            now[j] = least(above[j - 1] + differ, least(above[j], now[j - 1]) + 1);
            if (i > 1 && j > 1 && a->letters[i - 1] == b->letters[j - 2] &&
                a->letters[i - 2] == b->letters[j - 1])
                now[j] = least(now[j], two_above[j - 2] + 1);
        }
    }
    return rows[a->length % 3][b->length];
}

const char *near_name(const char *wrong, const char *const *names, size_t count)
{
    struct word given;
    struct word known;
    const char *nearest = NULL;
    size_t shortest = SIZE_MAX;
    if (!read_word(wrong, &given))
        return NULL;
    for (size_t i = 0; i < count; i++) {
        if (names[i] == NULL || !read_word(names[i], &known))
            continue;
        size_t longer = given.length > known.length ? given.length : known.length;
        size_t allowed = longer < 6 ? 1 : longer / 3;
        size_t edits = distance(&given, &known);
        if (edits <= allowed && edits < shortest) {
            shortest = edits;
            nearest = names[i];
        }
    }
    return nearest;
}
