/* ./dev crash: is everything that was answered 200 there after kill -9, once? With --power the kill
 * takes with it what was not flushed, as a power cut does. Prints a table and fails on any loss. */

#include <getopt.h>
#include <inttypes.h>
#include <stdlib.h>

#include "common/clock.h"
#include "tests/crash/preload.h"
#include "tests/crash/rounds.h"

enum { ROUNDS = 20, MOST_ROUNDS = 10000, OLD_ROWS = 40000 };

static const char usage[] = "usage: crash [--rounds N] [--seed N] [--power]";

__attribute__((noreturn)) static void fail(const char *text)
{
    (void)fprintf(stderr, "crash: %s\n", text);
    exit(EXIT_FAILURE);
}

static int64_t number(const char *text, int64_t least, int64_t most)
{
    char *end;
    long long value = strtoll(text, &end, 10);
    if (*end != '\0' || value < least || value > most)
        fail(usage);
    return value;
}

static void read_options(int argc, char **argv, struct rounds_options *options)
{
    static const struct option known[] = {{"rounds", required_argument, NULL, 'r'},
                                          {"seed", required_argument, NULL, 's'},
                                          {"power", no_argument, NULL, 'p'},
                                          {0}};
    int letter;
    while ((letter = getopt_long(argc, argv, "", known, NULL)) != -1) {
        if (letter == 'r')
            options->rounds = (int)number(optarg, 1, MOST_ROUNDS);
        else if (letter == 's')
            options->seed = (uint64_t)number(optarg, 1, INT64_MAX);
        else if (letter == 'p')
            options->power = true;
        else
            fail(usage);
    }
    if (optind < argc)
        fail(usage);
}

static bool tell(const struct rounds_options *options, const struct rounds_result *result)
{
    const struct ledger_sums *s = &result->sums;
    (void)printf("\nkilled while");
    for (int i = 0; i < MOMENTS; i++)
        (void)printf(" %s %" PRId64 "%s", moment_word((enum moment)i), result->kills[i],
                     i + 1 < MOMENTS ? "," : "");
    (void)printf("; seed %" PRIu64 "\n", options->seed);
    (void)printf("events:  sent %" PRId64 ", answered 200 %" PRId64 ", otherwise %" PRId64
                 ", stored %" PRId64 ", MISSING %" PRId64 ", DOUBLED %" PRId64 "\n",
                 s->sent, s->answered, s->refused, s->stored, s->missing, s->doubled);
    (void)printf("effects: deals stored %" PRId64 ", with their comment %" PRId64
                 ", MISSING %" PRId64 ", DOUBLED %" PRId64 ", parked or dead %" PRId64 "\n",
                 s->deals, s->effects, s->effects_missing, s->effects_doubled, s->stopped);
    (void)printf("history: %" PRId64 " of %d old rows pruned meanwhile\n", result->pruned,
                 options->old_rows);
    (void)printf("start to first 200: median %" PRId64 " ms, worst %" PRId64
                 " ms; last start to all work done %" PRId64 " ms\n",
                 result->first_ms, result->first_most_ms, result->calm_ms);
    return s->missing + s->doubled + s->effects_missing + s->effects_doubled == 0;
}

int main(int argc, char **argv)
{
    struct rounds_options options = {.rounds = ROUNDS,
                                     .seed = (uint64_t)clock_wall_ms(),
                                     .old_rows = OLD_ROWS,
                                     .table = stdout,
                                     .fail = fail};
    struct rounds_result result;
    read_options(argc, argv, &options);
    preload_find_programs();
    rounds_run(&options, &result);
    bool good = tell(&options, &result);
    (void)printf("%s\n", good ? "Nothing is lost and nothing is doubled." : "SOMETHING IS LOST.");
    return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
