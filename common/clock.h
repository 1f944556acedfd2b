#ifndef COMMON_CLOCK_H
#define COMMON_CLOCK_H

/* The only place that asks the system for the time. Wall time (Unix milliseconds, UTC) is stored
 * and shown; monotonic time is for waiting and measuring. They never mix. Thread-safe. */

#include <stdint.h>

int64_t clock_wall_ms(void);
int64_t clock_mono_ms(void);
int64_t clock_mono_us(void);

#endif
