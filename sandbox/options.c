#include "sandbox/options.h"

#include <getopt.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "sandbox/core.h"

static const struct option known[] = {
    {"listen", required_argument, NULL, 'l'},
    {"code", required_argument, NULL, 'c'},
    {"token", required_argument, NULL, 't'},
    {"member", required_argument, NULL, 'm'},
    {"post-to", required_argument, NULL, 'p'},
    {"drain", required_argument, NULL, 'd'},
    {"rate", required_argument, NULL, 'd'},
    {"size", required_argument, NULL, 's'},
    {"operating", required_argument, NULL, 'o'},
    {"delay-ms", required_argument, NULL, 'w'},
    {"quiet", no_argument, NULL, 'q'},
    {"help", no_argument, NULL, 'h'},
    {0},
};

static const char usage[] =
    "A stand-in for a Bitrix24 portal on loopback: REST methods with their limits, batch and\n"
    "errors, a small firm to play with, and events posted as the real one does.\n"
    "\n"
    "  --listen ADDRESS:PORT  where to serve; port 0: the kernel chooses (127.0.0.1:0)\n"
    "  --code CODE            secret of the incoming webhook, whose user is 1 (sandbox)\n"
    "  --token TOKEN          application_token of the outgoing webhook\n"
    "  --member ID            member_id of the portal\n"
    "  --post-to URL          send all events there; may be repeated\n"
    "  --drain N              requests a second that leak out of the bucket; 0: no limit (2)\n"
    "                         --rate is the same\n"
    "  --size N               requests that the bucket holds (50)\n"
    "  --operating SECONDS    execution time a method may use up in ten minutes; 0: any (480)\n"
    "  --delay-ms N           each answer comes so much later (0)\n"
    "  --quiet                no line on stderr for each request\n"
    "\n"
    "Prints `listening on ADDRESS:PORT`, the webhook's URL and the token, then serves until\n"
    "SIGTERM. POST /control takes JSON commands:\n"
    "\n";

static void help(const char *name)
{
    const char *line;
    printf("usage: %s [--listen ADDRESS:PORT] [options]\n\n%s", name, usage);
    for (size_t i = 0; (line = sandbox_control_help(i)) != NULL; i++)
        printf("  %s\n", line);
}

static bool number(const char *text, double *ret)
{
    char *end;
    *ret = strtod(text, &end);
    return end != text && *end == '\0' && isfinite(*ret) && *ret >= 0;
}

static bool take_number(int letter, const char *text, struct options *ret)
{
    double value;
    if (!number(text, &value)) {
        (void)fprintf(stderr, "\"%s\" is no number from 0 on\n", text);
        return false;
    }
    if (letter == 'd')
        ret->drain = value;
    else if (letter == 's')
        ret->size = value;
    else if (letter == 'o')
        ret->operating = value;
    else
        ret->delay_ms = value < 1e9 ? (int64_t)value : 1000000000;
    return true;
}

static bool take_text(int letter, const char *text, struct options *ret)
{
    if (letter == 'l')
        ret->listen = text;
    else if (letter == 'c')
        ret->code = text;
    else if (letter == 't')
        ret->token = text;
    else if (letter == 'm')
        ret->member = text;
    else if (ret->post_count < OPTIONS_MOST_POSTS)
        ret->post_to[ret->post_count++] = text;
    return true;
}

enum options_end options_read(int argc, char **argv, struct options *ret)
{
    int letter;
    *ret = (struct options){
        .listen = "127.0.0.1:0",
        .code = "sandbox",
        .token = "51856fefc120afa4b628cc82d3935cce",
        .member = "a223c6b3710f85df22e9377d6c4f7553",
        .drain = 2,
        .size = 50,
        .operating = 480,
    };
    optind = 1;
    while ((letter = getopt_long(argc, argv, "", known, NULL)) != -1) {
        if (letter == 'h') {
            help(argv[0]);
            return OPTIONS_HELPED;
        }
        if (letter == '?')
            return OPTIONS_WRONG;
        if (letter == 'q')
            ret->quiet = true;
        else if (letter == 'd' || letter == 's' || letter == 'o' || letter == 'w'
                     ? !take_number(letter, optarg, ret)
                     : !take_text(letter, optarg, ret))
            return OPTIONS_WRONG;
    }
    if (optind < argc) {
        (void)fprintf(stderr, "%s: \"%s\" is no option; --help lists them\n", argv[0],
                      argv[optind]);
        return OPTIONS_WRONG;
    }
    return OPTIONS_RUN;
}
