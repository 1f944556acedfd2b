#ifndef SANDBOX_METHOD_H
#define SANDBOX_METHOD_H

/* One REST method call: parameters in, result or error out. The table of methods is in methods.c,
 * the methods themselves in methods_*.c by theme. */

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/err.h"
#include "sandbox/entity.h"
#include "sandbox/list.h"

struct sandbox;

enum method_flag {
    METHOD_WRITES = 1, /* an effect: goes to the journal */
    METHOD_ALONE = 2,  /* ERROR_BATCH_METHOD_NOT_ALLOWED inside batch (§4) */
};

struct call;
typedef void method_fn(struct call *);

struct method {
    const char *name;  /* as documented; compared without case (§3.1) */
    const char *scope; /* "" : none needed */
    unsigned flags;
    method_fn *run;
};

struct call {
    struct sandbox *sb;
    const struct method *method;
    const json_t *params; /* object, borrowed */
    int64_t user;         /* who acts */
    /* What came of it: result, or a status with a code. */
    json_t *result;      /* new */
    int64_t total, next; /* -1: none */
    int status;          /* 0: fine */
    json_t *error;       /* new: the code, a string or a number (§3.3) */
    char text[480];      /* error_description */
};

void call_init(struct call *, struct sandbox *, const struct method *, const json_t *params,
               int64_t user);
void call_done(struct call *);

/* All three end the call with an error; the first one counts. They return false. */
bool call_fail(struct call *, int status, const char *code, const char *format, ...)
    PRINTF_LIKE(4, 5);
bool call_fail_number(struct call *, int status, int64_t code, const char *format, ...)
    PRINTF_LIKE(4, 5);
/* Classic CRM: an empty code and 400 (§8.3). */
bool call_fail_classic(struct call *, const char *format, ...) PRINTF_LIKE(2, 3);

/* Takes the result over. */
void call_answer(struct call *, json_t *result);

/* A parameter by its exact name; NULL. */
const json_t *call_param(const struct call *, const char *name);
/* Lower or upper case alike, as the classic methods take theirs (§8.3). */
const json_t *call_param_any(const struct call *, const char *name);
/* The same as an object; an empty one counts, NULL if it is none. */
const json_t *call_object(const struct call *, const char *name);
int64_t call_id(const struct call *, const char *name); /* any case; 0 */

/* The rows of a table by the call's filter, order and start; answers with total and next set.
 * `query` comes with what is special (names, strictness), the rest is filled here. Returns the
 * page (new), NULL when the call failed. */
json_t *call_list(struct call *, const json_t *rows, struct list_query *query);
/* Sends the rows of a table as they are. */
void call_list_rows(struct call *, const char *table);

#endif
