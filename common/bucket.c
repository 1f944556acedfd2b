#include "common/bucket.h"

#include <math.h>

/* Leaking in many small steps must not leave a request waiting for a rounding error. */
#define HAIR 1e-9

static double level_at(const struct bucket *b, int64_t now_ms)
{
    if (now_ms <= b->at_ms)
        return b->level;
    double left = b->level - b->drain * ((double)now_ms - (double)b->at_ms) / 1000;
    return left > 0 ? left : 0;
}

void bucket_leak(struct bucket *b, int64_t now_ms)
{
    b->level = level_at(b, now_ms);
    /* Also when the clock went back: waiting for it to catch up could take hours. */
    b->at_ms = now_ms;
}

bool bucket_take(struct bucket *b, int64_t now_ms)
{
    bucket_leak(b, now_ms);
    if (b->drain <= 0)
        return true;
    if (b->level + 1 > b->size + HAIR)
        return false;
    b->level += 1;
    return true;
}

int64_t bucket_wait_ms(const struct bucket *b, int64_t now_ms)
{
    if (b->drain <= 0)
        return 0;
    double excess = level_at(b, now_ms) + 1 - b->size;
    if (excess <= HAIR)
        return 0;
    return (int64_t)ceil(excess / b->drain * 1000 - HAIR);
}
