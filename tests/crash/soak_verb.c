/* ./dev soak: ten minutes of faults and kill -9 with every action at work; is each effect there,
 * once? Prints what it counted and fails on anything missing or doubled. */

#include <getopt.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

#include "common/clock.h"
#include "common/jv.h"
#include "common/mem.h"
#include "tests/crash/preload.h"
#include "tests/crash/soak.h"

static const char usage[] =
    "usage: soak [--seconds N] [--effects N] [--fault-rate 0.1] [--kill-every 20] [--rate 2] "
    "[--seed N]";

__attribute__((noreturn)) static void fail(const char *text)
{
    (void)fprintf(stderr, "soak: %s\n", text);
    exit(EXIT_FAILURE);
}

static double number(const char *text, double least, double most)
{
    char *end;
    double value = strtod(text, &end);
    if (*end != '\0' || !(value >= least && value <= most))
        fail(usage);
    return value;
}

static void read_options(int argc, char **argv, struct soak_options *options)
{
    static const struct option known[] = {{"seconds", required_argument, NULL, 's'},
                                          {"effects", required_argument, NULL, 'e'},
                                          {"fault-rate", required_argument, NULL, 'f'},
                                          {"kill-every", required_argument, NULL, 'k'},
                                          {"rate", required_argument, NULL, 'q'},
                                          {"seed", required_argument, NULL, 'r'},
                                          {0}};
    int letter;
    while ((letter = getopt_long(argc, argv, "", known, NULL)) != -1) {
        if (letter == 's')
            options->seconds = number(optarg, 1, 86400);
        else if (letter == 'e')
            options->effects = (int64_t)number(optarg, 1, 200000);
        else if (letter == 'f')
            options->fault_rate = number(optarg, 0, 0.5);
        else if (letter == 'k')
            options->kill_every = number(optarg, 0, 86400);
        else if (letter == 'q')
            options->rate = number(optarg, 0, 5);
        else if (letter == 'r')
            options->seed = (uint64_t)number(optarg, 1, 1e15);
        else
            fail(usage);
    }
    if (optind < argc)
        fail(usage);
}

static void tell(const struct soak_options *options, const struct soak_result *result)
{
    const struct tally_sums *s = &result->sums;
    char *faults = jv_dump_new(result->faults);
    char *parked = jv_dump_new(result->parked);
    (void)printf("\n%" PRId64 " events in %.0f s, all work done %.0f s later; %" PRId64
                 " times kill -9; %" PRId64 " requests, %" PRId64 " commands; seed %" PRIu64 "\n",
                 result->deals, result->load_s, result->calm_s, result->kills, result->requests,
                 result->commands, options->seed);
    (void)printf("faults:  %s\n", faults);
    (void)printf("looks:   %" PRId64 " effects were looked for, %" PRId64 " of them were there\n",
                 result->looked, result->found);
    (void)printf("effects: expected %" PRId64 ", there %" PRId64 ", MISSING %" PRId64
                 ", DOUBLED %" PRId64 "\n",
                 s->expected, s->there, s->missing, s->doubled);
    (void)printf("parked:  %" PRId64 " runs %s; of their effects %" PRId64 " are there, %" PRId64
                 " are not, %" PRId64 " behind them wait; WRONGLY GIVEN UP %" PRId64 "\n",
                 s->parked, parked, s->parked_done, s->parked_not, s->kept_back, s->wrongly);
    if (s->first[0] != '\0')
        (void)printf("first:   %s\n", s->first);
    mem_free(faults);
    mem_free(parked);
}

int main(int argc, char **argv)
{
    struct soak_options options = {.effects = 5000,
                                   .seconds = 600,
                                   .fault_rate = 0.1,
                                   .rate = 2,
                                   .kill_every = 20,
                                   .seed = (uint64_t)clock_wall_ms(),
                                   .say = stdout,
                                   .fail = fail};
    struct soak_result result;
    read_options(argc, argv, &options);
    preload_find_programs();
    soak_run(&options, &result);
    tell(&options, &result);
    bool good = soak_is_good(&result);
    soak_result_done(&result);
    (void)printf("%s\n", good ? "Every effect is there, once." : "NOT EVERY EFFECT IS THERE ONCE.");
    return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
