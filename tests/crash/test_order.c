/* Promise 1 of product.md §1, seen at the system calls: no 200 leaves before the flush of the log
 * that covers its event has come back. */

#include <string.h>

#include "tests/crash/siege.h"

enum { ANSWERS = 3000, EVENTS_MOST = 100000 };

/* Where in the order of things an event got; 0: not yet. */
struct passage {
    int64_t written, committed, answered;
};

struct order {
    struct passage *events; /* by id - LEDGER_OTHERS_FROM */
    int64_t *open;          /* written and not committed: indexes of events */
    int64_t open_count;
    int64_t now;               /* counts the lines */
    int64_t commit;            /* of the last commit */
    int64_t flushing, durable; /* commits up to there: being flushed; flushed */
    int64_t flushes, answers;
    int64_t early; /* answers before their flush: what must not be */
};

static void on_write(struct order *o, struct passage *event)
{
    if (event->written == 0)
        o->open[o->open_count++] = event - o->events;
    event->written = event->written == 0 ? o->now : event->written;
}

static void on_commit(struct order *o, struct passage *none)
{
    (void)none;
    o->commit = o->now;
    while (o->open_count > 0)
        o->events[o->open[--o->open_count]].committed = o->now;
}

static void on_flush(struct order *o, struct passage *none)
{
    (void)none;
    o->flushing = o->commit;
}

static void on_flushed(struct order *o, struct passage *none)
{
    (void)none;
    o->durable = o->flushing;
    o->flushes++;
}

static void on_answer(struct order *o, struct passage *event)
{
    event->answered = o->now;
    o->answers++;
    o->early += event->committed == 0 || event->committed > o->durable;
}

static void take_line(struct order *o, const char *line)
{
    static const struct {
        const char *word;
        void (*on)(struct order *, struct passage *);
    } words[] = {{"write ", on_write},
                 {"commit\n", on_commit},
                 {"flush\n", on_flush},
                 {"flushed\n", on_flushed},
                 {"answer ", on_answer}};
    const char *space = strchr(line, ' ');
    int64_t id = space != NULL ? strtoll(space, NULL, 10) : 0;
    int64_t event = id >= LEDGER_OTHERS_FROM ? id - LEDGER_OTHERS_FROM : 0;
    ck_assert_int_lt(event, EVENTS_MOST);
    o->now++;
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (strncmp(line, words[i].word, strlen(words[i].word)) == 0)
            words[i].on(o, &o->events[event]);
}

static void read_order(struct order *o, const char *path)
{
    char line[64];
    FILE *file = fopen(path, "re");
    ck_assert_ptr_nonnull(file);
    *o = (struct order){.events = mem_array(EVENTS_MOST, sizeof *o->events),
                        .open = mem_array(EVENTS_MOST, sizeof *o->open)};
    while (fgets(line, sizeof line, file) != NULL)
        take_line(o, line);
    (void)fclose(file);
}

static void watch(struct order *o)
{
    static struct siege siege;
    siege_open(&siege, "order", "ORDER_FILE");
    siege_until(&siege, ANSWERS, true);
    siege_count(&siege);
    read_order(o, siege.room);
    ck_assert_int_eq(o->answers, ledger_sum(&siege.ledger).answered);
    siege_close(&siege);
}

static void done(struct order *o)
{
    mem_free(o->events);
    mem_free(o->open);
}

START_TEST(no_200_leaves_before_the_flush_that_covers_its_event)
{
    struct order order;
    watch(&order);
    ck_assert_int_eq(order.early, 0);
    ck_assert_int_gt(order.flushes, 0);
    ck_assert_int_lt(order.flushes * 4, order.answers); /* they flush in company */
    done(&order);
}
END_TEST

/* Does the watch see anything at all? */
START_TEST(an_answer_without_a_flush_would_have_been_seen)
{
    struct order order;
    (void)setenv("ORDER_BLIND", "1", 1);
    watch(&order);
    ck_assert_int_eq(order.flushes, 0);
    ck_assert_int_eq(order.early, order.answers);
    done(&order);
}
END_TEST

CHECK_MAIN("order", no_200_leaves_before_the_flush_that_covers_its_event,
           an_answer_without_a_flush_would_have_been_seen)
