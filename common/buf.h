#ifndef COMMON_BUF_H
#define COMMON_BUF_H

/* A byte buffer that grows up to a ceiling named at its birth. Reaching the ceiling sets `full`;
 * what is added after that is dropped, so a writer may add freely and ask once at the end. The
 * bytes are always followed by a NUL that does not count. Not thread-safe. */

#include <stdbool.h>
#include <stddef.h>

struct buf {
    char *data;  /* owned; never NULL after buf_init */
    size_t size; /* bytes used, without the NUL */
    size_t capacity;
    size_t ceiling; /* most bytes it will ever hold */
    bool full;      /* something did not fit */
};

void buf_init(struct buf *, size_t ceiling);
void buf_done(struct buf *); /* also for a zeroed struct */

void buf_add(struct buf *, const void *bytes, size_t size);
void buf_text(struct buf *, const char *text);
void buf_char(struct buf *, char c);
void buf_printf(struct buf *, const char *format, ...) __attribute__((format(printf, 2, 3)));
void buf_clear(struct buf *);

/* Hands the text to the caller (release with mem_free) and leaves the buffer empty and usable. */
char *buf_take(struct buf *);

/* `struct buf b BUF_AUTO;` releases itself at the end of its block. */
#define BUF_AUTO __attribute__((cleanup(buf_done)))

#endif
