#ifndef TESTS_BENCH_LOAD_H
#define TESTS_BENCH_LOAD_H

/* Senders that behave as Bitrix24 does, all in one thread: each posts one event, waits for the
 * answer and posts the next, over a new connection ("Connection: close") or over a kept one. */

#include <stdbool.h>
#include <stdint.h>

#include "common/err.h"

#define LOAD_TOKEN "51856fefc120afa4b628cc82d3935cce"
enum { LOAD_FIRST_DEAL = 100000000 }; /* of those that the events tell of */

struct load_options {
    uint16_t port;
    int senders;
    bool keep_alive;
    int64_t warm_us, measure_us;
    int64_t events;            /* so many instead, however long they take; 0: by the clock */
    int64_t deals;             /* that they tell of, again and again; 0: of another deal each */
    void (*begins)(void *arg); /* when measuring begins (or NULL), and */
    void (*ends)(void *arg);   /* when it ends */
    void *arg;
};

struct load_result {
    double per_second;
    double p50_us, p99_us, p999_us, longest_us;
    int64_t answered; /* while measuring */
    int64_t refused;  /* answers other than 200, and connections that broke */
};

/* False: nothing was answered at all. */
bool load_run(const struct load_options *, struct load_result *ret, struct err *) MUST_CHECK;

/* Posts one event and waits for its answer: its status, 0 when nobody listens there. */
int load_one(uint16_t port);

#endif
