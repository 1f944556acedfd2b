#ifndef DAEMON_CLI_QUEUE_H
#define DAEMON_CLI_QUEUE_H

/* The words behind `queue`, a file each or two. */

#include "daemon/cli/verb.h"

typedef enum exit_code queue_word_fn(const struct args *);

queue_word_fn hand_list, hand_dead, hand_show, hand_paused, hand_log; /* queue_show.c */
queue_word_fn hand_retry, hand_done, hand_drop;                       /* queue_order.c */
queue_word_fn hand_pause, hand_resume;                                /* queue_pause.c */

/* Is it the number of a run? */
bool queue_is_number(const char *text);
/* One of the words for states, or NULL for none; says so when it is another. */
bool queue_check_state(const char *state) MUST_CHECK;
/* Who types, for a daemon that cannot see it. mem_free. */
char *queue_user_new(void);

#endif
