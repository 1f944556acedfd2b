#ifndef TESTS_SUPPORT_HOUSE_H
#define TESTS_SUPPORT_HOUSE_H

/* The whole house for scenarios and the demo: b24sandbox and `b24bridge serve` as child processes
 * in a folder of their own, on ports that the kernel chose. Nothing here sleeps for luck: what has
 * to happen is a condition, asked again every few milliseconds until a deadline (HOUSE_UNTIL).
 *
 * Where a function cannot do its work it calls the `fail` of the options, which does not return. A
 * keeper process outlives the test: when the test dies the keeper prints both logs and removes the
 * folder, and the children die with their parent. Binaries: $B24BRIDGE and $B24SANDBOX. */

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/clock.h"

struct house;

struct house_swap {
    const char *from, *to;
};

struct house_options {
    void (*fail)(const char *text) __attribute__((noreturn));
    const char *rules;      /* the text of the only rule file; NULL: copies of config/rules.d */
    const char *server;     /* more lines for [server]; NULL */
    const char *portal;     /* more lines for [portal main]; NULL */
    struct house_swap swap; /* in the copies of config/rules.d; from NULL: nothing */
    const char *plan;       /* of the portal; NULL: self-hosted, which knows no rate */
    double rate;            /* requests a second that the stand-in portal allows; 0: any */
    bool handed_over;       /* the public socket is ours and stays open, as systemd has it */
    int64_t debounce_ms;    /* 0: 30, so that tests need not wait */
    bool outlive;           /* the children may outlive this process: see house_leave */
};

/* What the configuration says, and so no test needs to look for it. */
#define HOUSE_TOKEN "51856fefc120afa4b628cc82d3935cce"     /* of tests/fixtures/bodies: */
#define HOUSE_APP_TOKEN "16b3f4a8c05d4e7e9a2b61f0d83c7e54" /* webhooks and applications */
#define HOUSE_ROBOT_KEY "house-robot-key-7c1e0d9b"
#define HOUSE_HOOK_CODE "househookcode4f0a"
#define HOUSE_ADMIN_TOKEN "house-admin-token-a90c55"
#define HOUSE_MEMBER "a223c6b3710f85df22e9377d6c4f7553"
enum { HOUSE_HOOK_USER = 1, HOUSE_PATIENCE_S = 15 };

/* Starts the stand-in portal, writes the configuration, starts the daemon, waits until it is ready
 * and subscribes it to the portal's events. */
struct house *house_open(const struct house_options *);
/* Stops both with SIGTERM; the daemon has to end with 0 within ten seconds. */
void house_close(struct house *);
_Noreturn void house_fail(const struct house *, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

const char *house_folder(const struct house *);
const char *house_config(const struct house *);     /* path of b24bridge.ini */
const char *house_portal_url(const struct house *); /* "http://127.0.0.1:43217" */
const char *house_public_url(const struct house *); /* "http://127.0.0.1:43218" */
const char *house_admin_url(const struct house *);  /* the same of the admin address */
const char *house_socket(const struct house *);     /* path of the admin's Unix socket */
pid_t house_daemon_pid(const struct house *);
pid_t house_sandbox_pid(const struct house *);
/* Instead of house_close: both processes and the folder stay (with the option `outlive`). */
void house_leave(struct house *);

/* ---- the daemon's life ----------------------------------------------------------------------- */

void house_kill(struct house *); /* kill -9, and waits for its end */
int house_stop(struct house *); /* SIGTERM; its exit code, -1 when it does not end in ten seconds */
void house_start(struct house *);  /* again, on the same address, until it is ready */
void house_launch(struct house *); /* the same without waiting for anything */
/* `serve --take-over` beside the daemon, which then gets its SIGTERM: its exit code, as of
 * house_stop. Returns when the new one is ready. */
int house_take_over(struct house *);
/* Writes the rule file anew (before house_start). @PORTAL@ in rules is the stand-in portal's URL.
 */
void house_rules(struct house *, const char *rules);
/* What both printed so far. mem_free. */
char *house_daemon_log(const struct house *);
char *house_sandbox_log(const struct house *);

/* ---- the daemon from outside ----------------------------------------------------------------- */

/* Status of a POST of a form to a path such as "/hook/main". */
int house_post(struct house *, const char *path, const char *body);
/* Sends exactly these bytes to the public address and reads the status of the answer; 0 when the
 * connection ends without one. */
int house_raw(struct house *, const char *bytes, size_t size);
/* GET on the admin's Unix socket; mem_free. */
char *house_get(struct house *, const char *path, int *ret_status);
json_t *house_api(struct house *, const char *path);     /* New; fails unless it is 200 and JSON. */
json_t *house_story(struct house *, const char *entity); /* "deal 5" → /api/story. New. */
/* The value of a line of /metrics by its beginning ("b24bridge_tasks "), 0 when there is none. */
double house_metric(struct house *, const char *line);
/* Runs of a rule in a state ("" any) and of an entity ("" any), as /api/runs shows them. New. */
json_t *house_runs(struct house *, const char *rule, const char *state, const char *entity);
int house_count_runs(struct house *, const char *rule, const char *state);

/* A verb of b24bridge, `-c` already given: exit code, and what it printed (mem_free both). */
struct house_said {
    int code;
    char *out, *err;
};
struct house_said house_verb(struct house *, const char *const *arguments);
void house_said_done(struct house_said *);

/* ---- the portal ------------------------------------------------------------------------------ */

/* One control command of the sandbox, taken over; its answer is new. */
json_t *house_control(struct house *, json_t *command);
/* A REST call made by a person of the portal, not by our webhook: it raises events and is not
 * counted among the effects. Takes params; answers `result`, new. */
json_t *house_person(struct house *, int user, const char *method, json_t *params);
/* Shorter: crm.item.add and .update by a person. Both take fields. */
int64_t house_add(struct house *, int user, int type, json_t *fields);
void house_update(struct house *, int user, int type, int64_t id, json_t *fields);
/* crm.item.get of the record as it is now. New. */
json_t *house_item(struct house *, int type, int64_t id);
/* Effects of the webhook: writes carried out; method NULL: any. `where` (taken, NULL: all) is
 * dotted path → value of their parameters. */
int house_effects(struct house *, const char *method, json_t *where);
/* All of them, in order. New. */
json_t *house_journal(struct house *);
/* A fault for the next request (§ b24sandbox --help); takes the wish. */
void house_fault(struct house *, json_t *wish);
void house_clear_faults(struct house *);
/* A robot of the portal calls `/hook/main/robot/CODE?key=…&QUERY` for a document ("DEAL_5"). */
void house_robot(struct house *, const char *code, const char *query, const char *document);

/* ---- waiting --------------------------------------------------------------------------------- */

/* Nothing is on its way any more: no event in the portal's outbox, none unseen, no run ready or at
 * work, no call waiting. Timers may be set. */
void house_settle(struct house *);
bool house_is_settled(struct house *);

/* One pause between two looks at a condition; fails when the deadline is over. */
void house_tick(struct house *, int64_t until_ms, const char *condition, const char *file,
                int line);

#define HOUSE_UNTIL_WITHIN(house, seconds, condition)                                              \
    for (int64_t until_ms_ = clock_mono_ms() + 1000 * (int64_t)(seconds); !(condition);)           \
    house_tick(house, until_ms_, #condition, __FILE__, __LINE__)
#define HOUSE_UNTIL(house, condition) HOUSE_UNTIL_WITHIN(house, HOUSE_PATIENCE_S, condition)

#endif
