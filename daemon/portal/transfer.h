#ifndef DAEMON_PORTAL_TRANSFER_H
#define DAEMON_PORTAL_TRANSFER_H

/* One HTTP request on libcurl's multi interface. The handle is kept and used again, and with it its
 * TLS sessions (performance.md §4b). A body that has gone out is never sent twice behind our back:
 * libcurl repeats a request by itself when a kept connection dies without an answer, and that must
 * not happen to a write, so the body cannot be wound back. Belongs to one thread. */

#include <curl/curl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/addr.h"
#include "common/buf.h"
#include "common/err.h"
#include "daemon/portal/portal.h"
#include "daemon/portal/reply.h"

/* Which addresses a request to another system may reach. */
struct address_guard {
    const struct net *allowed; /* borrowed */
    size_t allowed_count;
    bool open;       /* the host's name is allowed: any address */
    char denied[64]; /* out: the address that was refused, "" none */
};

enum { TRANSFER_SECRETS = 16 };

struct transfer {
    CURL *easy;
    struct curl_slist *headers;
    const char *body; /* borrowed */
    size_t size, sent;
    struct buf reply;
    char error[CURL_ERROR_SIZE];
    int64_t sent_wall_ms, sent_mono_ms;
    struct address_guard guard;
    /* What it is for; the client's. */
    struct portal *portal; /* NULL: another system */
    struct request request;
    struct call *call;               /* of another system */
    char *secrets[TRANSFER_SECRETS]; /* that go with it; owned */
    int secret_count;
    struct transfer *next;
};

/* A name server that is slow to answer must not hold up the thread that serves all portals. */
bool transfer_can_resolve_aside(struct err *) MUST_CHECK;

struct transfer *transfer_new(void);
void transfer_free(struct transfer *);

/* Makes ready to POST the request, which it takes over. */
void transfer_set_rest(struct transfer *, struct portal *, const struct request *);
/* Makes ready for any request to another system: no redirects, no proxy, a connection of its own,
 * only addresses that the guard lets pass. Takes the headers. */
void transfer_set_http(struct transfer *, const char *method, const char *url,
                       struct curl_slist *headers, const char *body, size_t size);
/* Has all of it left? Half a request cannot have been carried out. */
bool transfer_is_sent(const struct transfer *);
/* What came: `code` is libcurl's. Texts point into the transfer. */
void transfer_read(struct transfer *, CURLcode code, struct reply *ret);
/* Where the portal says it is now, NULL when the answer is no redirect. */
const char *transfer_redirect(struct transfer *);
/* Until when the certificate is good that the other side has shown; wall, 0: it showed none. */
int64_t transfer_certificate_ms(struct transfer *);
/* Takes a secret that goes with it, to be cut out of what comes back. Beyond TRANSFER_SECRETS:
 * false.
 */
bool transfer_add_secret(struct transfer *, char *secret) MUST_CHECK;
void transfer_scrub(struct transfer *, struct reply *);
/* Wipes what was sent, forgets what came. */
void transfer_reset(struct transfer *);

#endif
