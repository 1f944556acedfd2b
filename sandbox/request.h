#ifndef SANDBOX_REQUEST_H
#define SANDBOX_REQUEST_H

/* An HTTP request taken apart: who asks, for which method, with which parameters
 * (bitrix24.md §3.1, §3.7). */

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "sandbox/core.h"

enum { REQUEST_MOST_NAME = 100 };

struct request {
    bool v3; /* /rest/api/… */
    int64_t user;
    char code[REQUEST_MOST_NAME];
    char method[REQUEST_MOST_NAME]; /* without .json */
    json_t *params;                 /* new object; empty when the body was of no use */
    bool bad_json;                  /* REST 3.0 minds, the old API does not */
};

/* False when the path is none of the API's. */
bool request_read(const struct sandbox_request *, struct request *ret);
void request_done(struct request *);

/* "a=1&b[c]=2" as parameters; an empty object when it is malformed. New. */
json_t *request_form_new(const char *text, size_t size);

#endif
