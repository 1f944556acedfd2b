#include "daemon/portal/wire.h"

#include <curl/curl.h>
#include <string.h>

#include "common/buf.h"
#include "common/mem.h"

enum { REPLY_MOST = 16 << 20 };

static size_t write_reply(char *bytes, size_t size, size_t count, void *arg)
{
    struct buf *reply = arg;
    buf_add(reply, bytes, size * count);
    return reply->full ? 0 : size * count;
}

static struct curl_slist *headers_new(const struct wire_request *request)
{
    struct curl_slist *headers = curl_slist_append(NULL, "Expect:");
    const char *type = request->content_type != NULL ? request->content_type : "";
    char *line = mem_printf("Content-Type:%s%s", type[0] != '\0' ? " " : "", type);
    headers = curl_slist_append(headers, line);
    mem_free(line);
    if (request->bearer != NULL) {
        line = mem_printf("Authorization: Bearer %s", request->bearer);
        headers = curl_slist_append(headers, line);
        mem_wipe(line, strlen(line));
        mem_free(line);
    }
    return headers;
}

static void headers_free(struct curl_slist *headers)
{
    for (struct curl_slist *header = headers; header != NULL; header = header->next)
        mem_wipe(header->data, strlen(header->data));
    curl_slist_free_all(headers);
}

static void set_options(CURL *easy, const struct wire_request *request, struct buf *reply)
{
    curl_easy_setopt(easy, CURLOPT_URL, request->url);
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_PROXY, ""); /* what the verbs talk to is near */
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, request->timeout_ms);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, write_reply);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, reply);
    if (request->unix_path != NULL)
        curl_easy_setopt(easy, CURLOPT_UNIX_SOCKET_PATH, request->unix_path);
    if (request->user_agent != NULL)
        curl_easy_setopt(easy, CURLOPT_USERAGENT, request->user_agent);
    if (strcmp(request->method, "HEAD") == 0) {
        curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
        return;
    }
    if (request->body != NULL || strcmp(request->method, "POST") == 0) {
        curl_easy_setopt(easy, CURLOPT_POST, 1L);
        curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body_size);
        curl_easy_setopt(easy, CURLOPT_POSTFIELDS, request->body != NULL ? request->body : "");
    }
    curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, request->method);
}

bool wire_request(const struct wire_request *request, struct wire_answer *ret, struct err *err)
{
    char why[CURL_ERROR_SIZE] = "";
    struct buf reply BUF_AUTO;
    buf_init(&reply, REPLY_MOST);
    *ret = (struct wire_answer){0};
    CURL *easy = curl_easy_init();
    if (easy == NULL)
        return err_set(err, "libcurl gives no handle");
    struct curl_slist *headers = headers_new(request);
    set_options(easy, request, &reply);
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, why);
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
    CURLcode code = curl_easy_perform(easy);
    long status = 0;
    (void)curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_cleanup(easy);
    headers_free(headers);
    if (reply.full)
        return err_set(err, "the answer is larger than %d MiB", REPLY_MOST >> 20);
    if (code != CURLE_OK)
        return err_set(err, "%s", why[0] != '\0' ? why : curl_easy_strerror(code));
    ret->status = (int)status;
    ret->size = reply.size;
    ret->body = buf_take(&reply);
    return true;
}

void wire_answer_done(struct wire_answer *answer)
{
    mem_free(answer->body);
    *answer = (struct wire_answer){0};
}

bool wire_init(struct err *err)
{
    CURLcode code = curl_global_init(CURL_GLOBAL_DEFAULT);
    return code == CURLE_OK || err_set(err, "libcurl does not start: %s", curl_easy_strerror(code));
}

void wire_done(void)
{
    curl_global_cleanup();
}
