#ifndef TESTS_BENCH_SUBJECT_H
#define TESTS_BENCH_SUBJECT_H

/* A program under measurement: the daemon or the ideal, in a folder and a process of its own. */

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/err.h"

enum subject_kind { SUBJECT_DAEMON, SUBJECT_IDEAL };

struct subject_options {
    enum subject_kind kind;
    int flush_us;         /* each flush of the disk takes so much longer */
    const char *rules;    /* the daemon's; NULL: such as do not concern the events */
    uint16_t portal;      /* where its portal listens; 0: nowhere */
    const char *database; /* to begin with, in a folder that stays; NULL: a new one */
};

struct subject {
    pid_t pid;
    uint16_t port;
    double first_ms; /* from its start to the first 200 */
    char folder[64];
    bool keep_folder;
};

struct subject_use {
    double cpu_us;   /* since its start, user and system */
    double peak_mib; /* the most memory it has had, with what it has seen of the libraries' files */
    double own_mib;  /* what it has now that is its own */
};

/* Returns when it has answered the first event. */
bool subject_start(struct subject *, const struct subject_options *, struct err *) MUST_CHECK;
/* Kills it and removes its folder. */
void subject_stop(struct subject *);
void subject_use(const struct subject *, struct subject_use *ret);

uint16_t subject_free_port(void);
/* Starts a program whose output goes to a file of that folder; it dies with us. -1: cannot. */
pid_t subject_spawn(const char *folder, const char *const *arguments, int flush_us);
/* The path of a program or library of this build, from the folder of the benchmark; mem_free. */
char *subject_beside(const char *name);
/* Makes a folder below /tmp; prints and exits when it cannot. */
void subject_folder(char ret[64]);
void subject_remove(const char *folder);

#endif
