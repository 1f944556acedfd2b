#ifndef TESTS_CRASH_PRELOAD_H
#define TESTS_CRASH_PRELOAD_H

/* The daemon with one of our libraries before its own (LD_PRELOAD): disk, order or power. They lie
 * beside the program that asks. */

#include "tests/support/house.h"

void preload_launch(struct house *, const char *library);
/* Until it is ready. */
void preload_start(struct house *, const char *library);
/* Has it ended by itself? It still waits to be asked for its code. */
bool preload_ended(const struct house *);
/* $B24BRIDGE and $B24SANDBOX, when nobody has set them: in a folder above this program's. */
void preload_find_programs(void);

#endif
