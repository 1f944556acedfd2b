#ifndef COMMON_JV_H
#define COMMON_JV_H

/* JSON values as Bitrix24 sends them: ids come as strings or numbers, flags as Y/N, true or 1, and
 * an empty object as [] (bitrix24.md §3.5, §10 no. 9, 11). Helpers over jansson; a returned json_t
 * is borrowed unless the name says _new. Pure, thread-safe on values that no one else writes. */

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/err.h"

#define JV_AUTO json_auto_t /* `JV_AUTO *tree = …;` drops its reference at the end of its block */

/* jansson's iterators want a value that may be written, though they do not write. */
static inline json_t *jv_loose(const json_t *value)
{
    return (json_t *)(uintptr_t)value;
}

/* Member by dotted path ("result.item.id"; a number indexes an array or names a member; "" is the
 * tree itself); NULL when a step is missing or `tree` is NULL. */
json_t *jv_at(const json_t *tree, const char *path);

/* Text of a string member, or `otherwise` (also for other types). */
const char *jv_text(const json_t *tree, const char *path, const char *otherwise);

/* Integer from a number or from a string that is wholly one; `otherwise` if neither. */
int64_t jv_int(const json_t *tree, const char *path, int64_t otherwise);

/* Number from a number or numeric string; `otherwise` if neither. */
double jv_real(const json_t *tree, const char *path, double otherwise);

/* true, 1, "1", "Y", "y", "true" → true; anything else false. */
bool jv_flag(const json_t *tree, const char *path);

/* null, "", "0"-less emptiness: NULL, null, "", [], {} and false are empty; 0 is not. */
bool jv_is_empty(const json_t *value);

/* The value as a person would write it: strings bare, integers plain, reals without trailing
 * zeros, true/false as Y/N, null as nothing, arrays joined by ", ", objects as compact JSON. */
void jv_print(struct buf *, const json_t *value);
char *jv_print_new(const json_t *value); /* mem_free */

/* The same value by content, with "5" equal to 5, "10.00" equal to 10, null, "", [] and a missing
 * member alike, true equal to "Y" and 1, false to "N" and 0: "did the portal store what we wrote".
 */
bool jv_same(const json_t *a, const json_t *b);

/* 64-bit FNV-1a over the value with sorted keys; members whose key is in `skip` (NULL-ended, may be
 * NULL) at the top level are left out. */
uint64_t jv_digest(const json_t *value, const char *const *skip);

/* Parses `size` bytes; NULL with a text on malformed input, duplicate-free not required, depth over
 * 64 refused (jansson 2.14 has no limit of its own when dumping). Any JSON type is accepted. */
json_t *jv_parse_new(const char *text, size_t size, struct err *) MUST_CHECK;

/* Compact text, keys in insertion order, UTF-8. mem_free. */
char *jv_dump_new(const json_t *value);

/* A string value from any bytes: invalid UTF-8 is replaced by U+FFFD, so it never is NULL. */
json_t *jv_string_new(const char *text);

#endif
