#ifndef COMMON_MEM_H
#define COMMON_MEM_H

/* Allocation that cannot fail. Out of memory is a broken machine, not bad input: the queue is
 * durable and systemd starts us again, so these log one line and abort. Everything that strangers
 * can make grow has a ceiling of its own elsewhere. Thread-safe. Release with mem_free(). */

#include <stddef.h>

void *mem_alloc(size_t size);               /* zeroed */
void *mem_array(size_t count, size_t size); /* zeroed; aborts when count * size overflows */
void *mem_grow(void *old, size_t count, size_t size); /* like realloc; new part not zeroed */
char *mem_strdup(const char *text);                   /* NULL stays NULL */
char *mem_strndup(const char *text, size_t length);
char *mem_printf(const char *format, ...) __attribute__((format(printf, 1, 2)));
void mem_free(void *memory);

/* Overwrites a secret before its memory is released; the compiler may not remove it. */
void mem_wipe(void *memory, size_t size);

#endif
