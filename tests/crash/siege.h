#ifndef TESTS_CRASH_SIEGE_H
#define TESTS_CRASH_SIEGE_H

/* A house with one of our libraries in the daemon, and senders at its door, for Check programs. */

#include "tests/crash/load.h"
#include "tests/crash/preload.h"
#include "tests/support/house_check.h"

enum { SIEGE_CALLERS = 64 };

struct siege {
    struct house *house;
    struct ledger ledger;
    struct random random;
    struct load *load;
    char database[96];
    char room[96]; /* a path in the house's folder, for what the library reads or writes */
};

/* Starts the house, stops it, gives it the library, to which `variable` names the room, and opens
 * the load. The struct must stay where it is. */
static inline void siege_open(struct siege *s, const char *library, const char *variable)
{
    struct err err = {0};
    s->random = (struct random){.state = 11};
    s->house = house_with("[rule r]\non = deal added\n[then comment]\ntext = x\n");
    (void)snprintf(s->database, sizeof s->database, "%s/b24bridge.db", house_folder(s->house));
    (void)snprintf(s->room, sizeof s->room, "%s/%s", house_folder(s->house), library);
    (void)setenv(variable, s->room, 1);
    ck_assert_int_eq(house_stop(s->house), 0);
    preload_start(s->house, library);
    ledger_init(&s->ledger, 0, 0);
    const struct load_options options = {
        .port = (int)strtol(strrchr(house_public_url(s->house), ':') + 1, NULL, 10),
        .connections = SIEGE_CALLERS,
        .kept_percent = 50,
        .ledger = &s->ledger,
        .random = &s->random};
    s->load = load_open(&options, &err);
    ck_assert_msg(s->load != NULL, "%s", err.text);
}

/* Sends until so many more were answered 200, or (false) refused. */
static inline void siege_until(struct siege *s, int64_t more, bool accepted)
{
    struct load_counts counts = load_counts(s->load);
    int64_t goal = (accepted ? counts.answered : counts.refused) + more;
    int64_t until_ms = clock_mono_ms() + 1000 * (int64_t)HOUSE_PATIENCE_S;
    while ((accepted ? counts.answered : counts.refused) < goal) {
        load_turn(s->load, 1);
        counts = load_counts(s->load);
        ck_assert_msg(clock_mono_ms() < until_ms, "only %lld answered 200 and %lld refused in time",
                      (long long)counts.answered, (long long)counts.refused);
    }
}

/* Ends the load, kills the daemon and counts: each event that was answered 200 is there, once. How
 * many are there that were refused. */
static inline int64_t siege_count_kept(struct siege *s)
{
    struct err err = {0};
    load_drain(s->load, 1000 * (int64_t)HOUSE_PATIENCE_S);
    load_close(s->load);
    if (house_daemon_pid(s->house) > 0)
        house_kill(s->house);
    bool good = ledger_count_stored(&s->ledger, s->database, &err);
    ck_assert_msg(good, "%s", err.text);
    struct ledger_sums sums = ledger_sum(&s->ledger);
    ck_assert_int_gt(sums.answered, 0);
    ck_assert_int_eq(sums.missing, 0);
    ck_assert_int_eq(sums.doubled, 0);
    return sums.kept;
}

/* … and no other. */
static inline void siege_count(struct siege *s)
{
    ck_assert_int_eq(siege_count_kept(s), 0);
}

static inline void siege_close(struct siege *s)
{
    ledger_done(&s->ledger);
    house_close(s->house);
}

#endif
