#ifndef DAEMON_PORTAL_FETCH_PARTS_H
#define DAEMON_PORTAL_FETCH_PARTS_H

/* What the files behind fetch.h share: one row of its table is a function that makes the calls and
 * one that makes the value out of their answers. */

#include "daemon/portal/fetch.h"

enum {
    FETCH_PAGE = 50, /* rows; bitrix24.md §3.6 */
    /* Beyond so many answers a list is taken as it is: 2000 rows of one entity's history are more
     * than any rule looks at. */
    FETCH_ANSWERS_MOST = 42,
};

/* A need taken apart, with its answers. */
struct fetch {
    const char *argument;
    const struct answer *answers;
    size_t count;
};

typedef size_t fetch_calls_fn(const char *argument, struct command ret[FETCH_MOST]);
typedef enum fetched fetch_value_fn(const struct fetch *, json_t **ret_value,
                                    struct command *ret_more, struct err *);

/* Sets ret[i]; returns how many there are now. Takes the params. */
size_t fetch_call(struct command ret[FETCH_MOST], size_t i, const char *method, json_t *params);
struct command fetch_more_of(const char *method, json_t *params);

/* An id goes as a number where it is one. New. */
json_t *fetch_id_new(const char *id);
/* "2:351:7" → type 2; *ret_rest behind its colon. False for an unknown type. */
bool fetch_read_type(const char *argument, int *ret_type, const char **ret_rest);

/* Does the refusal only say that there is no such thing? The classic API says so in words, with an
 * empty code (§8.3). */
bool fetch_says_absent(const struct answer *);
/* Sets err from the answer; returns FETCH_FAILED. */
enum fetched fetch_fail(const struct answer *, struct err *);

/* fetch_stages.c */
fetch_calls_fn fetch_stages_calls;
fetch_value_fn fetch_stages_value;
/* fetch_staff.c */
fetch_calls_fn fetch_presence_calls, fetch_load_calls, fetch_nothing_calls;
fetch_value_fn fetch_presence_value, fetch_load_value;
/* fetch_contact.c */
fetch_calls_fn fetch_activity_calls, fetch_open_calls, fetch_owners_calls, fetch_lines_calls;
fetch_value_fn fetch_activity_value, fetch_open_value, fetch_owners_value, fetch_lines_value,
    fetch_written_value;
/* fetch_history.c */
fetch_calls_fn fetch_history_calls;
fetch_value_fn fetch_history_value;
/* fetch_names.c */
fetch_calls_fn fetch_users_calls, fetch_departments_calls, fetch_types_calls, fetch_directory_calls,
    fetch_templates_calls;
fetch_value_fn fetch_users_value, fetch_departments_value, fetch_types_value, fetch_directory_value,
    fetch_templates_value;

#endif
