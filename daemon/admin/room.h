#ifndef DAEMON_ADMIN_ROOM_H
#define DAEMON_ADMIN_ROOM_H

/* How long the room on a disk will last at the present rate: what was left in each of the last
 * hours, a day of them. Pure. */

#include <stdbool.h>
#include <stdint.h>

enum { ROOM_SAMPLES = 25, ROOM_TEXT = 1024 };

struct room {
    struct room_sample {
        int64_t at_ms, bytes;
    } samples[ROOM_SAMPLES]; /* oldest first */
    int count;
};

/* Keeps one sample an hour. True: it was kept. */
bool room_note(struct room *, int64_t bytes_left, int64_t now_ms);

struct room_verdict {
    double days;     /* that it will last; a large number when it does not shrink */
    int64_t span_ms; /* by what was seen in so long; 0: too little is known, `days` says nothing */
};
struct room_verdict room_judge(const struct room *, int64_t bytes_left, int64_t now_ms);

/* As text and back; what makes no sense is left out. */
void room_print(const struct room *, char out[ROOM_TEXT]);
void room_parse(struct room *, const char *text);

#endif
