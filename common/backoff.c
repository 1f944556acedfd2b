#include "common/backoff.h"

/* splitmix64's finisher: neighbours in, strangers out. */
static uint64_t scatter(uint64_t x)
{
    x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
    return x ^ x >> 31;
}

int64_t backoff_delay(const struct backoff *b, int attempt, uint64_t seed)
{
    int64_t base = b->first_ms;
    for (int i = 1; i < attempt && base < b->most_ms; i++)
        base = base > b->most_ms / 2 ? b->most_ms : base * 2;
    if (base > b->most_ms)
        base = b->most_ms;
    uint64_t dice = scatter(seed + (uint64_t)attempt * UINT64_C(0x9e3779b97f4a7c15));
    /* Thousandths, -200 … +200. */
    int64_t jitter = (int64_t)(dice % 401) - 200;
    int64_t delay = base + base / 1000 * jitter + base % 1000 * jitter / 1000;
    /* What would pass the ceiling is folded back below it: still spread out, never above. */
    return delay > b->most_ms ? b->most_ms - (delay - b->most_ms) : delay;
}
