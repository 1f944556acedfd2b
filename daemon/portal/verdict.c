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
    {"INVALID_CREDENTIALS", NULL, VERDICT_LIMITED, AFTER_PAUSE,
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
    {"INVALID_REQUEST", NULL, VERDICT_REFUSED, AFTER_NOTHING, NULL},
    {"ERROR_METHOD_NOT_FOUND", NULL, VERDICT_REFUSED, AFTER_NOTHING, NULL},
    {"ERROR_MANIFEST_IS_NOT_AVAILABLE", NULL, VERDICT_REFUSED, AFTER_NOTHING, NULL},
    {"METHOD_CONFIRM_WAITING", NULL, VERDICT_REFUSED, AFTER_NOTHING, NULL},
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
    {"BITRIX_REST_V3_EXCEPTION_*", NULL, VERDICT_REFUSED, AFTER_NOTHING, NULL},
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

/* Failures that come before a request can leave; all others count by `sent`. */
static const struct {
    CURLcode code;
    const char *error;
    bool before;
} transports[] = {
    {CURLE_COULDNT_RESOLVE_PROXY, "NO_SUCH_HOST", true},
    {CURLE_COULDNT_RESOLVE_HOST, "NO_SUCH_HOST", true},
    {CURLE_COULDNT_CONNECT, "NO_CONNECTION", true},
    {CURLE_URL_MALFORMAT, "BAD_ADDRESS", true},
    {CURLE_UNSUPPORTED_PROTOCOL, "BAD_ADDRESS", true},
    {CURLE_SSL_CONNECT_ERROR, "TLS", true},
    {CURLE_PEER_FAILED_VERIFICATION, "TLS", true},
    {CURLE_SSL_CERTPROBLEM, "TLS", true},
    {CURLE_SSL_CIPHER, "TLS", true},
    {CURLE_SSL_CACERT_BADFILE, "TLS", true},
    {CURLE_SSL_ISSUER_ERROR, "TLS", true},
    {CURLE_SSL_INVALIDCERTSTATUS, "TLS", true},
    {CURLE_TOO_MANY_REDIRECTS, "REDIRECT", true}, /* ours: one that we do not follow */
    {CURLE_OPERATION_TIMEDOUT, "TIMEOUT", false},
    {CURLE_GOT_NOTHING, "CONNECTION_LOST", false},
    {CURLE_SEND_ERROR, "CONNECTION_LOST", false},
    {CURLE_RECV_ERROR, "CONNECTION_LOST", false},
    {CURLE_PARTIAL_FILE, "CONNECTION_LOST", false},
    {CURLE_SEND_FAIL_REWIND, "CONNECTION_LOST", false},
    {CURLE_WEIRD_SERVER_REPLY, "NOT_HTTP", false},
    {CURLE_HTTP2, "NOT_HTTP", false},
    {CURLE_WRITE_ERROR, "REPLY_TOO_LARGE", false},
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
    bool before = !sent;
    *ret_error = "TRANSPORT";
    for (size_t i = 0; i < sizeof transports / sizeof transports[0]; i++) {
        if ((int)transports[i].code == curl_code) {
            *ret_error = transports[i].error;
            before = before || transports[i].before;
            break;
        }
    }
    /* A reply over the ceiling would be as large the next time. */
    if (curl_code == CURLE_WRITE_ERROR && !write)
        return rule_for(VERDICT_REFUSED, AFTER_NOTHING, NULL, write);
    return rule_for(before ? VERDICT_RETRY : VERDICT_UNSURE, AFTER_NOTHING, NULL, write);
}
