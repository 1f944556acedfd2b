#ifndef DAEMON_PORTAL_REPLY_H
#define DAEMON_PORTAL_REPLY_H

/* What came back for a request, call by call. Pure. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/portal/budget.h"
#include "daemon/portal/client.h"
#include "daemon/portal/verdict.h"

struct reply {
    int curl_code;      /* 0: an HTTP answer came */
    bool sent;          /* the request may have reached the portal */
    bool astray;        /* a redirect that is not followed; with `detail` */
    const char *detail; /* libcurl's words, with curl_code */
    int status;
    const char *body;
    size_t size;
    int64_t sent_ms; /* wall */
    int64_t took_ms;
    int64_t now_ms;         /* wall */
    int64_t certificate_ms; /* wall: the end of the certificate that was shown; 0 none was */
    const char *secret;     /* cut out of every text; "" none */
};

struct reply_effect {
    bool answered;        /* REST spoke to us */
    enum aftermath after; /* what the request as a whole has brought upon the portal */
    const char *advice;   /* with AFTER_PAUSE and AFTER_DOUBT; static */
    char why[200];        /* code and text when it was no success */
};

/* Fills the answer of each call (those had none before) and teaches the budget. A call whose answer
 * says AFTER_ALONE loses its `encoded`. */
void reply_read(const struct reply *, struct call *const *calls, size_t count, bool batch,
                struct budget *, struct reply_effect *ret);

/* Replaces each occurrence of `secret` by "***" and returns the new size; secrets of fewer than 4
 * bytes are left. The text ends with a NUL, which is not counted. */
size_t reply_scrub(char *text, size_t size, const char *secret);

#endif
