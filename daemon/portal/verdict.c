#include "daemon/portal/verdict.h"

#include <curl/curl.h>
#include <stddef.h>
#include <string.h>
#include <strings.h>

/* VERDICT_UNSURE in these tables is meant for a write; a read that failed so is asked again. */
struct row {
    const char *code; /* ends in *: any code that begins so */
    const char *text; /* must be in the description; NULL: any */
    enum verdict verdict;
    enum aftermath after;
    const char *advice;
};

#define V3 "BITRIX_REST_V3_EXCEPTION_"
#define NEW_WEBHOOK "make a new inbound webhook in Bitrix24 and put its address into the url-file"

static const struct row rows[] = {
    {"INTERNAL_SERVER_ERROR", NULL, VERDICT_UNSURE, AFTER_NOTHING, NULL},
    {"ERROR_UNEXPECTED_ANSWER", NULL, VERDICT_UNSURE, AFTER_NOTHING, NULL},
    {"QUERY_LIMIT_EXCEEDED", NULL, VERDICT_LIMITED, AFTER_RATE, NULL},
    {"OPERATION_TIME_LIMIT", NULL, VERDICT_LIMITED, AFTER_METHOD, NULL},
    {"OVERLOAD_LIMIT", NULL, VERDICT_LIMITED, AFTER_PAUSE,
     "ask Bitrix24 support to lift the block of the REST API"},
    {"ERROR_BATCH_METHOD_NOT_ALLOWED", NULL, VERDICT_RETRY, AFTER_ALONE, NULL},
    {"ERROR_BATCH_LENGTH_EXCEEDED", NULL, VERDICT_RETRY, AFTER_ALONE, NULL},
    {"NO_AUTH_FOUND", NULL, VERDICT_LIMITED, AFTER_PAUSE,
     "the webhook was deleted or changed; " NEW_WEBHOOK},
    {"INVALID_CREDENTIALS", NULL, VERDICT_LIMITED, AFTER_DOUBT,
     "the webhook's owner lost his rights or was dismissed; " NEW_WEBHOOK},
    {"expired_token", NULL, VERDICT_LIMITED, AFTER_PAUSE, "the webhook expired; " NEW_WEBHOOK},
    {"invalid_token", NULL, VERDICT_LIMITED, AFTER_PAUSE, "the webhook is unknown; " NEW_WEBHOOK},
    {"PORTAL_DELETED", NULL, VERDICT_LIMITED, AFTER_PAUSE,
     "the portal is closed or deleted; open it again or take it out of the configuration"},
    {"PAYMENT_REQUIRED", NULL, VERDICT_LIMITED, AFTER_PAUSE,
     "the subscription is over; renew it in Bitrix24"},
    {"ACCESS_DENIED", "commercial plans", VERDICT_LIMITED, AFTER_PAUSE,
     "the portal's plan is without the REST API; change the plan in Bitrix24"},
    {"ACCESS_DENIED", NULL, VERDICT_REFUSED, AFTER_NOTHING, NULL},
    {"insufficient_scope", NULL, VERDICT_REFUSED, AFTER_NOTHING, NULL},
    {"user_access_error", NULL, VERDICT_REFUSED, AFTER_NOTHING, NULL},
    {"allowed_only_intranet_user", NULL, VERDICT_REFUSED, AFTER_NOTHING, NULL},
    {"INVALID_REQUEST", "https", VERDICT_LIMITED, AFTER_DOUBT,
     "the portal wants https; put its address with https:// into the url-file"},
    {"INVALID_REQUEST", NULL, VERDICT_REFUSED, AFTER_NOTHING, NULL},
    {"ERROR_METHOD_NOT_FOUND", NULL, VERDICT_REFUSED, AFTER_NOTHING, NULL},
    {"ERROR_MANIFEST_IS_NOT_AVAILABLE", NULL, VERDICT_REFUSED, AFTER_NOTHING, NULL},
    /* Works once an administrator has agreed; asking again does not trouble him again. */
    {"METHOD_CONFIRM_WAITING", NULL, VERDICT_RETRY, AFTER_NOTHING, NULL},
    {"METHOD_CONFIRM_DENIED", NULL, VERDICT_REFUSED, AFTER_NOTHING, NULL},
    {"WRONG_AUTH_TYPE", NULL, VERDICT_REFUSED, AFTER_NOTHING, NULL},
    {"APPLICATION_NOT_FOUND", NULL, VERDICT_REFUSED, AFTER_NOTHING, NULL},
    {"authorization_error", NULL, VERDICT_REFUSED, AFTER_NOTHING, NULL},
    {"ERROR_OAUTH", NULL, VERDICT_REFUSED, AFTER_NOTHING, NULL},
    /* The portal could not reach the authorization server: before any method ran. */
    {"CONNECTION_ERROR", NULL, VERDICT_RETRY, AFTER_NOTHING, NULL},
    {"ERROR_CORE", NULL, VERDICT_REFUSED, AFTER_NOTHING, NULL},
    {"ERROR_ARGUMENT", NULL, VERDICT_REFUSED, AFTER_NOTHING, NULL},
    {"INVALID_ARG_VALUE", NULL, VERDICT_REFUSED, AFTER_NOTHING, NULL},
    {"ERROR_NOT_FOUND", NULL, VERDICT_REFUSED, AFTER_NOTHING, NULL},
    {"NOT_FOUND", NULL, VERDICT_REFUSED, AFTER_NOTHING, NULL},
    {"WRONG_ENCODING", NULL, VERDICT_REFUSED, AFTER_NOTHING, NULL},
    {"100", NULL, VERDICT_REFUSED, AFTER_NOTHING, NULL},
    {"CRM_FIELD_ERROR_*", NULL, VERDICT_REFUSED, AFTER_NOTHING, NULL},
    /* REST 3.0 (§3.7); its limits and faults have no documented code, there the status decides. */
    {V3 "VALIDATION_*", NULL, VERDICT_REFUSED, AFTER_NOTHING, NULL},
    {V3 "INVALID*", NULL, VERDICT_REFUSED, AFTER_NOTHING, NULL},
    {V3 "UNKNOWN*", NULL, VERDICT_REFUSED, AFTER_NOTHING, NULL},
    {V3 "ENTITYNOTFOUND*", NULL, VERDICT_REFUSED, AFTER_NOTHING, NULL},
    {V3 "ACCESSDENIED*", NULL, VERDICT_REFUSED, AFTER_NOTHING, NULL},
    {V3 "INSUFFICIENTSCOPE*", NULL, VERDICT_REFUSED, AFTER_NOTHING, NULL},
    {V3 "IDEMPOTENCYKEYREUSED*", NULL, VERDICT_REFUSED, AFTER_NOTHING, NULL},
};

/* Where the code says nothing: first row whose `from` is not above the status. */
static const struct {
    int from;
    enum verdict verdict;
    enum aftermath after;
} by_status[] = {
    {500, VERDICT_UNSURE, AFTER_NOTHING},
    {430, VERDICT_REFUSED, AFTER_NOTHING},
    {429, VERDICT_LIMITED, AFTER_RATE},
    /* 200: inside a batch, where an error has no status of its own (§4). */
    {0, VERDICT_REFUSED, AFTER_NOTHING},
};

/* What libcurl's codes are called. They do not say whether the request has gone out: when a kept
 * connection dies without an answer, libcurl connects anew by itself, and what fails then (the
 * name, the door, the handshake) fails after the request left on the first one. `sent` knows. */
static const struct {
    CURLcode code;
    const char *error;
} transports[] = {
    {CURLE_COULDNT_RESOLVE_PROXY, "NO_SUCH_HOST"},
    {CURLE_COULDNT_RESOLVE_HOST, "NO_SUCH_HOST"},
    {CURLE_COULDNT_CONNECT, "NO_CONNECTION"},
    {CURLE_URL_MALFORMAT, "BAD_ADDRESS"},
    {CURLE_UNSUPPORTED_PROTOCOL, "NOT_HTTP"}, /* "HTTP/0.9": no status line */
    {CURLE_SSL_CONNECT_ERROR, "TLS"},
    {CURLE_PEER_FAILED_VERIFICATION, "TLS"},
    {CURLE_SSL_CERTPROBLEM, "TLS"},
    {CURLE_SSL_CIPHER, "TLS"},
    {CURLE_SSL_CACERT_BADFILE, "TLS"},
    {CURLE_SSL_ISSUER_ERROR, "TLS"},
    {CURLE_SSL_INVALIDCERTSTATUS, "TLS"},
    {CURLE_OPERATION_TIMEDOUT, "TIMEOUT"},
    {CURLE_GOT_NOTHING, "CONNECTION_LOST"},
    {CURLE_SEND_ERROR, "CONNECTION_LOST"},
    {CURLE_RECV_ERROR, "CONNECTION_LOST"},
    {CURLE_PARTIAL_FILE, "CONNECTION_LOST"},
    {CURLE_SEND_FAIL_REWIND, "CONNECTION_LOST"},
    {CURLE_WEIRD_SERVER_REPLY, "NOT_HTTP"},
    {CURLE_HTTP2, "NOT_HTTP"},
    {CURLE_BAD_CONTENT_ENCODING, "NOT_HTTP"},
    {CURLE_WRITE_ERROR, "REPLY_TOO_LARGE"},
};

static struct ruling rule_for(enum verdict verdict, enum aftermath after, const char *advice,
                              bool write)
{
    if (verdict == VERDICT_UNSURE && !write)
        verdict = VERDICT_RETRY;
    return (struct ruling){.verdict = verdict, .after = after, .advice = advice};
}

static bool row_fits(const struct row *row, const char *code, const char *text)
{
    size_t length = strlen(row->code);
    bool open_end = row->code[length - 1] == '*';
    if (open_end ? strncasecmp(row->code, code, length - 1) != 0 : strcasecmp(row->code, code) != 0)
        return false;
    return row->text == NULL || strcasestr(text, row->text) != NULL;
}

struct ruling verdict_of_error(const char *code, const char *text, int status, bool write)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (row_fits(&rows[i], code, text))
            return rule_for(rows[i].verdict, rows[i].after, rows[i].advice, write);
    size_t i = 0;
    while (by_status[i].from > status)
        i++;
    return rule_for(by_status[i].verdict, by_status[i].after, NULL, write);
}

struct ruling verdict_of_nonsense(int status, bool write)
{
    (void)status; /* proxies in front of the portal answer with any (§3.3) */
    return rule_for(VERDICT_UNSURE, AFTER_NOTHING, NULL, write);
}

struct ruling verdict_of_transport(int curl_code, bool sent, bool write, const char **ret_error)
{
    *ret_error = "TRANSPORT";
    for (size_t i = 0; i < sizeof transports / sizeof transports[0]; i++)
        if ((int)transports[i].code == curl_code)
            *ret_error = transports[i].error;
    /* A reply over the ceiling would be as large the next time. */
    if (curl_code == CURLE_WRITE_ERROR && !write)
        return rule_for(VERDICT_REFUSED, AFTER_NOTHING, NULL, write);
    return rule_for(sent ? VERDICT_UNSURE : VERDICT_RETRY, AFTER_NOTHING, NULL, write);
}

struct ruling verdict_of_redirect(void)
{
    return (struct ruling){.verdict = VERDICT_LIMITED,
                           .after = AFTER_DOUBT,
                           .advice = "the portal sends us elsewhere; if it has moved there, put "
                                     "its new address into the url-file"};
}

bool verdict_pauses(enum aftermath after)
{
    return after == AFTER_PAUSE || after == AFTER_DOUBT;
}
