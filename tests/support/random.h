#ifndef TESTS_SUPPORT_RANDOM_H
#define TESTS_SUPPORT_RANDOM_H

/* Numbers that look random and are the same in every run: a failure repeats. */

#include <stddef.h>
#include <stdint.h>

struct random {
    uint64_t state; /* the seed, not 0 */
};

/* xorshift64* */
static inline uint64_t random_next(struct random *r)
{
    r->state ^= r->state >> 12;
    r->state ^= r->state << 25;
    r->state ^= r->state >> 27;
    return r->state * 0x2545F4914F6CDD1DU;
}

/* least ≤ n ≤ most */
static inline int64_t random_between(struct random *r, int64_t least, int64_t most)
{
    uint64_t range = (uint64_t)most - (uint64_t)least + 1;
    return (int64_t)((uint64_t)least + (range == 0 ? random_next(r) : random_next(r) % range));
}

/* A text of up to `size`-1 bytes: pieces of `words` (`count` of them) and now and then any byte.
 * Near enough to sense to get past the first check of a parser. */
static inline void random_text(struct random *r, const char *const *words, size_t count, char *out,
                               size_t size)
{
    size_t used = 0;
    size_t most = (size_t)random_between(r, 0, (int64_t)size - 1);
    while (used < most) {
        const char *word = words[random_next(r) % count];
        const char byte[] = {(char)random_between(r, 1, 255), '\0'};
        if (random_next(r) % 8 == 0)
            word = byte;
        while (*word != '\0' && used < most)
            out[used++] = *word++;
    }
    out[used] = '\0';
}

#endif
