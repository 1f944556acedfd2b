#ifndef COMMON_BUCKET_H
#define COMMON_BUCKET_H

/* A leaky bucket: each request adds 1, `drain` leak out a second, above `size` requests would be
 * refused (bitrix24.md §5). Pure: the caller passes monotonic or wall milliseconds, always the same
 * kind. Not thread-safe. */

#include <stdbool.h>
#include <stdint.h>

struct bucket {
    double size;  /* requests that fit */
    double drain; /* requests that leave a second; 0 = unlimited, never full */
    double level; /* requests in it at `at_ms` */
    int64_t at_ms;
};

/* Lowers the level for the time that has passed. A clock that went back lets nothing leak; time is
 * counted from there on. */
void bucket_leak(struct bucket *, int64_t now_ms);
/* Puts one request in if it fits. */
bool bucket_take(struct bucket *, int64_t now_ms);
/* Milliseconds until one more request fits; 0 = now. */
int64_t bucket_wait_ms(const struct bucket *, int64_t now_ms);

#endif
