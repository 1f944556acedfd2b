#ifndef DAEMON_ADMIN_CHECK_H
#define DAEMON_ADMIN_CHECK_H

/* What /health asks: each check says in a sentence how its part is and, when it is not well, what
 * to do. Bad makes /health 503 (product.md §4 says what does); a warning is said and leaves it 200:
 * nobody is called for it at night. One row a check in health.c. */

#include <jansson.h>

#include "daemon/admin/parts.h"

enum { CHECK_OVERDUE_MS = 5 * 60 * 1000 }; /* a run that should have woken so long ago is told of */

enum check_level { CHECK_WELL, CHECK_WARNING, CHECK_BAD };

struct finding {
    enum check_level level;
    char say[4096];
};

/* One round of questions: what several of them read is read once. */
struct round {
    struct admin *admin;
    int64_t now_ms;      /* wall */
    const json_t *queue; /* of all portals; NULL: the database cannot be read */
};

typedef void check_fn(const struct round *, struct finding *);
typedef void check_portal_fn(const struct round *, int portal, struct finding *);

#define FIND(f, how, ...)                                                                          \
    do {                                                                                           \
        (f)->level = (how);                                                                        \
        (void)snprintf((f)->say, sizeof(f)->say, __VA_ARGS__);                                     \
    } while (0)

/* "75 s", "45 min", "5 h 10 min", "3 d 4 h". */
struct span {
    char text[40];
};
struct span span_of(int64_t ms);

/* check_store.c */
check_fn check_database, check_disk, check_queue;
/* check_work.c */
check_fn check_workers, check_listener;
check_fn check_timers, check_rules, check_names, check_paused;
/* check_portal.c */
check_portal_fn check_portal, check_silence;

/* Tells each finding in turn. The admin's own thread. */
typedef void health_told_fn(void *arg, const char *name, const struct finding *);
void health_each(struct admin *, health_told_fn *, void *arg);

#endif
