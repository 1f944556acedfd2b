#ifndef SANDBOX_OPTIONS_H
#define SANDBOX_OPTIONS_H

/* The command line of b24sandbox. */

#include <stdbool.h>
#include <stdint.h>

enum { OPTIONS_MOST_POSTS = 16 };

struct options {
    const char *listen, *code, *token, *member; /* borrowed from argv */
    const char *post_to[OPTIONS_MOST_POSTS];
    int post_count;
    double drain, size, operating;
    int64_t delay_ms;
    bool quiet;
};

enum options_end { OPTIONS_RUN, OPTIONS_HELPED, OPTIONS_WRONG };
/* Reads them; prints the help or what is wrong. */
enum options_end options_read(int argc, char **argv, struct options *ret);

#endif
