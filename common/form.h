#ifndef COMMON_FORM_H
#define COMMON_FORM_H

/* application/x-www-form-urlencoded with PHP's bracket names into a tree, and back
 * (bitrix24.md §1.1: nested maps as a[b][c], lists with explicit indexes, everything a string).
 * Hostile input: every dimension has a ceiling and nothing is allocated beyond a small multiple of
 * the input. Pure, thread-safe. */

#include <jansson.h>
#include <stddef.h>

#include "common/buf.h"
#include "common/err.h"

enum {
    FORM_MAX_PAIRS = 4096,
    FORM_MAX_DEPTH = 16,   /* brackets of one name */
    FORM_MAX_KEY = 1024,   /* bytes of a decoded name */
    FORM_MAX_MAPS = 16384, /* made in one body: each costs a hundred times its three bytes "[a]" */
};

/* Decodes `size` bytes into a new object of objects and strings (no arrays: `x[0]=` becomes the
 * member "0"; `x[]=` takes the next free number, as PHP does). Encoded and literal brackets are the
 * same. A later scalar replaces an earlier value of the same name; a name used both as scalar and
 * as map keeps the later use. NULL with a text on: bad percent-encoding, a NUL, invalid UTF-8, too
 * many pairs or maps, too deep, a key too long, unbalanced brackets. Empty input is an empty
 * object; empty pairs ("&&") and pairs without a name ("=x") are skipped. When `ret_twice` is not
 * NULL, *ret_twice tells whether the exact full name `watch` came more than once (product.md §4: a
 * token given twice is refused). */
json_t *form_decode(const char *body, size_t size, const char *watch, bool *ret_twice,
                    struct err *err) MUST_CHECK;

/* Adds the tree as http_build_query would: names and values encoded with percent_encode, true as 1,
 * false as 0, null dropped, empty arrays and objects vanish. Numbers: integers plain, reals with up
 * to 17 significant digits. `brackets_plain` leaves [ and ] of names literal (batch strings, §4).
 */
void form_encode(struct buf *, const json_t *tree, bool brackets_plain);

#endif
