#ifndef MIGRATIONS_MIGRATIONS_H
#define MIGRATIONS_MIGRATIONS_H

/* The .sql files of this folder, inside the binary. The first is schema 1. */

#include <stddef.h>

struct migration {
    const char *name; /* "0001_first" */
    const char *sql;
};

extern const struct migration migrations[];
extern const size_t migration_count;

#endif
