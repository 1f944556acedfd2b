#ifndef DAEMON_STORE_PACE_H
#define DAEMON_STORE_PACE_H

/* How many rows a group may have so that it does not hold up the next: by the pages it will write,
 * learnt from the groups before. Rows that arrive in the order of an index share pages, rows in no
 * order want one each, and a page costs more than a row, to make, to write and to flush. Time is
 * not asked: a disk that is slow by nature wants large groups. Pure. */

enum {
    PACE_MOST_ROWS = 512,
    PACE_LEAST_ROWS = 64, /* of a group that teaches; in smaller ones no page is shared yet */
    PACE_FRAMES = 256,    /* pages of one group: about 2 ms, and a flush of 1 MiB */
};

struct pace {
    int frames; /* that PACE_MOST_ROWS would write; 0: nothing is known */
};

int pace_rows(const struct pace *);
/* A group of so many rows has written so many pages. */
void pace_learn(struct pace *, int rows, int frames);

#endif
