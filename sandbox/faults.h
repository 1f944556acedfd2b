#ifndef SANDBOX_FAULTS_H
#define SANDBOX_FAULTS_H

/* Misfortunes on request: what bitrix24.md §3.3, §5 and §10 say can happen. Each is asked for with
 * the methods it hits (a pattern) and when: the next `count` times, every n-th time, or with a
 * probability from a fixed seed. A batch is hit by what hits one of its commands. */

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/err.h"

enum { FAULTS_MOST = 100 };

enum fault_kind {
    FAULT_HTML,         /* not executed; a proxy's page (§10 no. 14) */
    FAULT_EMPTY,        /* not executed; an empty body */
    FAULT_TRUNCATED,    /* executed; half of the answer */
    FAULT_ERROR,        /* a code and a status as asked for; one command of a batch; not executed,
                           unless it is to come `after` */
    FAULT_DROP_BEFORE,  /* not executed, no answer: the connection ends */
    FAULT_DROP_AFTER,   /* executed, no answer (§10 no. 27) */
    FAULT_SLOW,         /* executed, answered late */
    FAULT_REDIRECT,     /* not executed; 302 to another host (§3.4) */
    FAULT_DEAD_WEBHOOK, /* not executed; 401 (§10 no. 30) */
    FAULT_REFUSE,       /* not executed; the request as a whole: any code of §3.3 */
    FAULT_CUT_OFF,      /* executed, of a batch the first half; a 504 after so long (§5: 60 s) */
    FAULT_LIMIT,        /* not executed; 503 QUERY_LIMIT_EXCEEDED */
    FAULT_OPERATION,    /* not executed; 429 OPERATION_TIME_LIMIT; one command of a batch */
};

struct fault {
    enum fault_kind kind;
    char *method;       /* pattern; owned */
    int64_t left;       /* times that remain; -1: until cleared */
    int64_t every;      /* each n-th time; 0: each */
    double probability; /* 0: always */
    int64_t seen, struck;
    int64_t status, ms;
    bool after;             /* FAULT_ERROR: executed all the same */
    char *code, *text, *to; /* owned */
};

struct faults {
    struct fault list[FAULTS_MOST];
    size_t count;
    uint64_t seed; /* of the probabilities: the same run, the same faults */
};

void faults_init(struct faults *);
void faults_clear(struct faults *);
/* From {"kind","method","count"|"every"|"probability","status","code","text","ms","to",
 * "after"}. Without a
 * number it happens once; {"count":0} lasts until cleared. */
bool faults_add(struct faults *, const json_t *wish, struct err *) MUST_CHECK;

/* Kind → how often such faults struck. New. */
json_t *faults_struck_new(const struct faults *);

/* The fault that strikes this request now, NULL mostly. Borrowed until the next call. `methods`:
 * the request's method and, of a batch, its commands'. Those of commands (below) are left alone. */
const struct fault *faults_strike(struct faults *, const char *const *methods, size_t count);
/* The fault that strikes one command, before or `after` it is executed: FAULT_ERROR or
 * FAULT_OPERATION. */
const struct fault *faults_strike_command(struct faults *, const char *method, bool after);

#endif
