#include "daemon/portal/transfer.h"

#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/mem.h"
#include "common/secret.h"

enum {
    REPLY_MOST = 32 << 20,
    REST_TIMEOUT_MS = 70000,  /* the portal cuts off at 60 s (§5) */
    PROBE_TIMEOUT_MS = 20000, /* a portal that is well answers a probe at once */
    HTTP_TIMEOUT_MS = 30000,
    HTTP_REPLY_MOST = 1 << 20,
    CONNECT_TIMEOUT_MS = 10000,
    SECRET_LEAST = 6,       /* a shorter part of one may well be a word */
    KEPT_REPLY = 256 << 10, /* a buffer that has grown larger is not kept */
    IDLE_MOST_S = 25,       /* older kept connections are likely to be closed at the other end */
};

#define USER_AGENT "b24bridge/" B24BRIDGE_VERSION

static size_t write_reply(char *bytes, size_t size, size_t count, void *arg)
{
    struct transfer *transfer = arg;
    buf_add(&transfer->reply, bytes, size * count);
    return transfer->reply.full ? 0 : size * count;
}

static size_t read_body(char *out, size_t size, size_t count, void *arg)
{
    struct transfer *transfer = arg;
    size_t left = transfer->size - transfer->sent;
    size_t piece = left < size * count ? left : size * count;
    memcpy(out, transfer->body + transfer->sent, piece);
    transfer->sent += piece;
    return piece;
}

static int refuse_to_rewind(void *arg, curl_off_t offset, int origin)
{
    (void)arg;
    (void)offset;
    (void)origin;
    return CURL_SEEKFUNC_FAIL;
}

static bool guard_passes(const struct address_guard *guard, const struct sockaddr *address)
{
    if (guard->open || !addr_is_private(address))
        return true;
    for (size_t i = 0; i < guard->allowed_count; i++)
        if (net_holds(&guard->allowed[i], address))
            return true;
    return false;
}

/* After the name is resolved, so that no name can lead inside. */
static curl_socket_t open_guarded(void *arg, curlsocktype purpose, struct curl_sockaddr *address)
{
    struct address_guard *guard = arg;
    (void)purpose;
    if (!guard_passes(guard, &address->addr)) {
        if (getnameinfo(&address->addr, address->addrlen, guard->denied, sizeof guard->denied, NULL,
                        0, NI_NUMERICHOST) != 0)
            (void)snprintf(guard->denied, sizeof guard->denied, "?");
        return CURL_SOCKET_BAD;
    }
    return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

static void set_common(struct transfer *transfer, const char *url, const char *body, size_t size)
{
    CURL *easy = transfer->easy;
    transfer->body = body;
    transfer->size = size;
    transfer->sent = 0;
    curl_easy_setopt(easy, CURLOPT_PRIVATE, transfer);
    curl_easy_setopt(easy, CURLOPT_URL, url);
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    /* A name server that does not answer must not hold up this thread, which serves all portals. */
    curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
    curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_TIMEOUT_MS);
    curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
    curl_easy_setopt(easy, CURLOPT_MAXAGE_CONN, (long)IDLE_MOST_S);
    curl_easy_setopt(easy, CURLOPT_USERAGENT, USER_AGENT);
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, transfer->error);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, write_reply);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, transfer);
    curl_easy_setopt(easy, CURLOPT_READFUNCTION, read_body);
    curl_easy_setopt(easy, CURLOPT_READDATA, transfer);
    curl_easy_setopt(easy, CURLOPT_SEEKFUNCTION, refuse_to_rewind);
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, transfer->headers);
    transfer->sent_wall_ms = clock_wall_ms();
    transfer->sent_mono_ms = clock_mono_ms();
}

/* A proxy of the environment is not for what is at hand. */
static bool is_near(const char *url)
{
    return strncmp(url, "http://", 7) == 0; /* only loopback is spoken to without TLS */
}

bool transfer_can_resolve_aside(struct err *err)
{
    const curl_version_info_data *version = curl_version_info(CURLVERSION_NOW);
    return (version->features & CURL_VERSION_ASYNCHDNS) != 0 ||
           err_set(err,
                   "this libcurl (%s) waits for name servers; one with a threaded resolver "
                   "or c-ares is needed",
                   version->version);
}

struct transfer *transfer_new(void)
{
    struct transfer *transfer = mem_alloc(sizeof *transfer);
    transfer->easy = curl_easy_init();
    if (transfer->easy == NULL)
        abort(); /* out of memory, as in mem.h */
    buf_init(&transfer->reply, REPLY_MOST);
    return transfer;
}

void transfer_free(struct transfer *transfer)
{
    if (transfer == NULL)
        return;
    transfer_reset(transfer);
    curl_easy_cleanup(transfer->easy);
    buf_done(&transfer->reply);
    mem_free(transfer);
}

void transfer_set_rest(struct transfer *transfer, struct portal *portal,
                       const struct request *request)
{
    CURL *easy = transfer->easy;
    struct curl_slist *headers = curl_slist_append(NULL, "Content-Type: application/json");
    headers = curl_slist_append(headers, "Accept: application/json");
    headers = curl_slist_append(headers, "Expect:"); /* no waiting for 100 Continue */
    transfer->portal = portal;
    transfer->request = *request;
    transfer->headers = headers;
    transfer->reply.ceiling = REPLY_MOST;
    set_common(transfer, request->url, request->body, request->size);
    long timeout_ms = request->probe ? PROBE_TIMEOUT_MS : REST_TIMEOUT_MS;
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, timeout_ms);
    curl_easy_setopt(easy, CURLOPT_POST, 1L);
    curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->size);
    curl_easy_setopt(easy, CURLOPT_CERTINFO, 1L);
    if (is_near(request->url))
        curl_easy_setopt(easy, CURLOPT_PROXY, "");
}

void transfer_set_http(struct transfer *transfer, const char *method, const char *url,
                       struct curl_slist *headers, const char *body, size_t size)
{
    CURL *easy = transfer->easy;
    transfer->headers = headers;
    transfer->reply.ceiling = HTTP_REPLY_MOST;
    set_common(transfer, url, body, size);
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)HTTP_TIMEOUT_MS);
    curl_easy_setopt(easy, CURLOPT_PROXY, ""); /* it would be the one to resolve the name */
    curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, 1L);
    curl_easy_setopt(easy, CURLOPT_FORBID_REUSE, 1L);
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, open_guarded);
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, &transfer->guard);
    if (strcmp(method, "HEAD") == 0) {
        curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
        return;
    }
    if (strcmp(method, "GET") != 0 || size > 0) {
        curl_easy_setopt(easy, CURLOPT_POST, 1L);
        curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)size);
    }
    curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, method);
}

bool transfer_is_sent(const struct transfer *transfer)
{
    long header_bytes = 0;
    if (transfer->size > 0)
        return transfer->sent == transfer->size;
    (void)curl_easy_getinfo(transfer->easy, CURLINFO_REQUEST_SIZE, &header_bytes);
    return header_bytes > 0;
}

/* The first certificate is the portal's own; those behind it may be older than what vouches for it.
 * A kept connection has shown none. */
int64_t transfer_certificate_ms(struct transfer *transfer)
{
    static const char mark[] = "Expire date:";
    struct curl_certinfo *info = NULL;
    if (curl_easy_getinfo(transfer->easy, CURLINFO_CERTINFO, &info) != CURLE_OK || info == NULL ||
        info->num_of_certs < 1)
        return 0;
    for (const struct curl_slist *line = info->certinfo[0]; line != NULL; line = line->next) {
        if (strncmp(line->data, mark, sizeof mark - 1) != 0)
            continue;
        time_t seconds = curl_getdate(line->data + sizeof mark - 1, NULL);
        return seconds > 0 ? (int64_t)seconds * 1000 : 0;
    }
    return 0;
}

void transfer_read(struct transfer *transfer, CURLcode code, struct reply *ret)
{
    long status = 0;
    (void)curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &status);
    const char *detail = transfer->error[0] != '\0' ? transfer->error : curl_easy_strerror(code);
    *ret = (struct reply){
        .curl_code = (int)code,
        .sent = transfer_is_sent(transfer),
        .detail = code != CURLE_OK ? detail : "",
        .status = (int)status,
        .body = transfer->reply.data,
        .size = transfer->reply.size,
        .sent_ms = transfer->sent_wall_ms,
        .took_ms = clock_mono_ms() - transfer->sent_mono_ms,
        .now_ms = clock_wall_ms(),
        .certificate_ms = transfer_certificate_ms(transfer),
        .secret = "",
    };
}

const char *transfer_redirect(struct transfer *transfer)
{
    long status = 0;
    char *location = NULL;
    (void)curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &status);
    if (status != 301 && status != 302 && status != 307 && status != 308)
        return NULL;
    (void)curl_easy_getinfo(transfer->easy, CURLINFO_REDIRECT_URL, &location);
    return location != NULL ? location : "";
}

bool transfer_add_secret(struct transfer *transfer, char *secret)
{
    if (transfer->secret_count == TRANSFER_SECRETS) {
        secret_free(secret);
        return false;
    }
    transfer->secrets[transfer->secret_count++] = secret;
    return true;
}

/* The whole of it, and the word behind "Bearer ": who refuses it may say which one that was. */
void transfer_scrub(struct transfer *transfer, struct reply *reply)
{
    for (int i = 0; i < transfer->secret_count; i++) {
        const char *word = strrchr(transfer->secrets[i], ' ');
        reply->size = reply_scrub(transfer->reply.data, reply->size, transfer->secrets[i]);
        if (word != NULL && strlen(word + 1) >= SECRET_LEAST)
            reply->size = reply_scrub(transfer->reply.data, reply->size, word + 1);
    }
}

void transfer_reset(struct transfer *transfer)
{
    while (transfer->secret_count > 0)
        secret_free(transfer->secrets[--transfer->secret_count]);
    for (struct curl_slist *header = transfer->headers; header != NULL; header = header->next)
        mem_wipe(header->data, strlen(header->data)); /* may be a secret */
    curl_slist_free_all(transfer->headers);
    transfer->headers = NULL;
    curl_easy_reset(transfer->easy); /* keeps connections and sessions */
    if (transfer->reply.capacity > KEPT_REPLY) {
        buf_done(&transfer->reply);
        buf_init(&transfer->reply, REPLY_MOST);
    }
    buf_clear(&transfer->reply);
    transfer->error[0] = '\0';
    transfer->body = NULL;
    transfer->size = transfer->sent = 0;
    transfer->guard = (struct address_guard){0};
    transfer->portal = NULL;
    transfer->call = NULL;
    transfer->request = (struct request){0};
}
