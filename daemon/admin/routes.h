#ifndef DAEMON_ADMIN_ROUTES_H
#define DAEMON_ADMIN_ROUTES_H

/* Everything that the admin address answers, one row each. docs/openapi.json says the same, and a
 * test compares the two both ways. */

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "common/err.h"

struct admin;
struct http_request;

struct route {
    const char *method, *path;
    /* Of the query, apart by blanks; any other is refused with 400. */
    const char *parameters;
    /* What it answers itself, apart by blanks; the door adds 401 and 403 for what needs the token,
     * and 405 for other methods. */
    const char *statuses;
    bool open; /* needs no token */
    /* One of the two: answers at once with what it returns (new; NULL with err and a status) … */
    json_t *(*tell)(struct admin *, const json_t *query, int *ret_status, struct err *);
    /* … or answers itself, now or later. */
    void (*serve)(struct admin *, struct http_request *, const json_t *query);
};

extern const struct route admin_routes[];
extern const size_t admin_route_count;

/* Answers the request by its route, or says why not. */
void routes_serve(struct admin *, struct http_request *);

#endif
