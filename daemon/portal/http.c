#include "daemon/portal/http.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "common/jv.h"
#include "common/mem.h"
#include "common/secret.h"
#include "daemon/portal/envelope.h"
#include "daemon/portal/verdict.h"

static const char *const methods[] = {"POST", "GET", "PUT", "PATCH", "DELETE", "HEAD"};

/* Headers that the request's own form decides. */
static const char *const own_headers[] = {"Host", "Content-Length", "Transfer-Encoding",
                                          "Connection", "Expect"};

void http_allow_init(struct http_allow *allow, const char *const *list)
{
    size_t count = 0;
    *allow = (struct http_allow){0};
    while (list != NULL && list[count] != NULL)
        count++;
    allow->nets = mem_array(count, sizeof *allow->nets);
    allow->names = mem_array(count, sizeof *allow->names);
    for (size_t i = 0; i < count; i++) {
        struct err err = {0};
        if (net_parse(list[i], &allow->nets[allow->net_count], &err))
            allow->net_count++;
        else
            allow->names[allow->name_count++] = mem_strdup(list[i]);
    }
}

void http_allow_done(struct http_allow *allow)
{
    for (size_t i = 0; i < allow->name_count; i++)
        mem_free(allow->names[i]);
    mem_free(allow->names);
    mem_free(allow->nets);
    *allow = (struct http_allow){0};
}

static const char *method_of(const json_t *params)
{
    const char *wanted = jv_text(params, "method", methods[0]);
    for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++)
        if (strcasecmp(methods[i], wanted) == 0)
            return methods[i];
    return NULL;
}

static bool is_token(const char *name)
{
    static const char *const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                       "0123456789!#$%&'*+-.^_`|~";
    return name[0] != '\0' && name[strspn(name, letters)] == '\0';
}

/* CR and LF would begin a header of somebody else's. */
static bool is_header_value(const char *value)
{
    for (const char *p = value; *p != '\0'; p++)
        if (((unsigned char)*p < ' ' && *p != '\t') || *p == 0x7f)
            return false;
    return true;
}

static bool add_header(struct curl_slist **headers, const char *name, const char *value,
                       struct err *err)
{
    if (!is_token(name))
        return err_set(err, "\"%.60s\" is no name of a header", name);
    for (size_t i = 0; i < sizeof own_headers / sizeof own_headers[0]; i++)
        if (strcasecmp(own_headers[i], name) == 0)
            return err_set(err, "the header \"%s\" cannot be set", own_headers[i]);
    if (!is_header_value(value))
        return err_set(err, "the header \"%.60s\" has a control character in its value", name);
    /* "Name;" is how libcurl is told of an empty value. */
    char *line = value[0] != '\0' ? mem_printf("%s: %s", name, value) : mem_printf("%s;", name);
    *headers = curl_slist_append(*headers, line);
    mem_wipe(line, strlen(line));
    mem_free(line);
    return true;
}

static bool add_header_file(struct transfer *transfer, struct curl_slist **headers,
                            const char *name, const char *path, struct err *err)
{
    char *secret = secret_read(path, err);
    if (secret == NULL)
        return err_prefix(err, "the header \"%.60s\": ", name);
    bool added = add_header(headers, name, secret, err);
    return transfer_add_secret(transfer, secret)
               ? added
               : err_set(err, "more than %d secret headers", TRANSFER_SECRETS);
}

static bool has_header(const json_t *params, const char *wanted)
{
    const char *name;
    json_t *value;
    json_object_foreach (json_object_get(params, "headers"), name, value) {
        if (strcasecmp(name, wanted) == 0)
            return true;
    }
    return false;
}

static bool add_headers(struct transfer *transfer, struct curl_slist **headers,
                        const json_t *params, bool json_body, struct err *err)
{
    const char *name;
    json_t *value;
    const char *type = jv_text(params, "content_type", json_body ? "application/json" : NULL);
    *headers = curl_slist_append(*headers, "Expect:");
    if (has_header(params, "Content-Type")) /* the rule's own */
        type = NULL;
    else if (type == NULL) /* libcurl would say that it is a form */
        *headers = curl_slist_append(*headers, "Content-Type:");
    if (type != NULL && !add_header(headers, "Content-Type", type, err))
        return false;
    json_object_foreach (json_object_get(params, "headers"), name, value) {
        char *text = jv_print_new(value);
        bool added = add_header(headers, name, text, err);
        mem_free(text);
        if (!added)
            return false;
    }
    json_object_foreach (json_object_get(params, "header_files"), name, value) {
        const char *path = json_string_value(value);
        if (!add_header_file(transfer, headers, name, path != NULL ? path : "", err))
            return false;
    }
    return true;
}

/* Scheme and host of the URL as libcurl will read them; `host` gets the host. */
static bool read_url(const char *url, char *host, size_t size, struct err *err)
{
    CURLU *parts = curl_url();
    char *scheme = NULL, *name = NULL;
    bool sound = curl_url_set(parts, CURLUPART_URL, url, CURLU_NON_SUPPORT_SCHEME) == CURLUE_OK &&
                 curl_url_get(parts, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK &&
                 curl_url_get(parts, CURLUPART_HOST, &name, 0) == CURLUE_OK;
    bool web = sound && (strcasecmp(scheme, "http") == 0 || strcasecmp(scheme, "https") == 0);
    if (web)
        (void)snprintf(host, size, "%s", name);
    curl_free(scheme);
    curl_free(name);
    curl_url_cleanup(parts);
    if (!sound)
        return err_set(err, "the address cannot be read as a URL");
    return web || err_set(err, "the address has to begin with http:// or https://");
}

static bool name_is_allowed(const struct http_allow *allow, const char *host)
{
    for (size_t i = 0; i < allow->name_count; i++)
        if (strcasecmp(allow->names[i], host) == 0)
            return true;
    return false;
}

bool http_prepare(struct transfer *transfer, const struct command *command,
                  const struct http_allow *allow, struct err *err)
{
    const json_t *params = command->params;
    const char *url = jv_text(params, "url", "");
    const char *method = method_of(params);
    const json_t *body = json_object_get(params, "body");
    bool json_body = body != NULL && !json_is_string(body) && !json_is_null(body);
    struct curl_slist *headers = NULL;
    char host[256] = "";
    if (method == NULL)
        return err_set(err, "\"%.20s\" is no method of HTTP that is known here",
                       jv_text(params, "method", ""));
    if (!read_url(url, host, sizeof host, err))
        return false;
    if (!add_headers(transfer, &headers, params, json_body, err)) {
        curl_slist_free_all(headers);
        return false;
    }
    struct request *request = &transfer->request;
    if (body != NULL && !json_is_null(body))
        request->body = json_body ? jv_dump_new(body) : mem_strdup(json_string_value(body));
    request->size = request->body != NULL ? strlen(request->body) : 0;
    transfer->guard = (struct address_guard){
        .allowed = allow->nets,
        .allowed_count = allow->net_count,
        .open = name_is_allowed(allow, host),
    };
    transfer_set_http(transfer, method, url, headers, request->body != NULL ? request->body : "",
                      request->size);
    return true;
}

static void set_error(struct answer *answer, enum verdict verdict, const char *error,
                      const char *text)
{
    answer->verdict = verdict;
    (void)snprintf(answer->error, sizeof answer->error, "%s", error);
    envelope_line(answer->text, sizeof answer->text, text);
}

static json_t *body_new(const struct reply *reply)
{
    struct err err = {0};
    json_t *body = jv_parse_new(reply->body, reply->size, &err);
    return body != NULL ? body : jv_string_new(reply->body);
}

static void read_status(const struct reply *reply, const struct command *command,
                        struct answer *answer)
{
    char error[16];
    (void)snprintf(error, sizeof error, "HTTP_%d", reply->status);
    if (reply->status >= 200 && reply->status < 300) {
        answer->verdict = VERDICT_DONE;
        answer->result = json_pack("{s:i, s:o}", "status", reply->status, "body", body_new(reply));
    } else if (reply->status >= 300 && reply->status < 400) {
        set_error(answer, VERDICT_REFUSED, error, "the address redirects; write the one it means");
    } else if (reply->status == 429) {
        set_error(answer, VERDICT_RETRY, error, reply->body);
    } else if (reply->status >= 400 && reply->status < 500) {
        set_error(answer, VERDICT_REFUSED, error, reply->body);
    } else {
        set_error(answer, command->write ? VERDICT_UNSURE : VERDICT_RETRY, error, reply->body);
    }
}

void http_read(const struct transfer *transfer, const struct reply *reply,
               const struct command *command, struct answer *ret)
{
    *ret = (struct answer){
        .status = reply->status, .sent_ms = reply->sent_ms, .took_ms = reply->took_ms};
    if (transfer->guard.denied[0] != '\0') {
        char text[160];
        (void)snprintf(
            text, sizeof text,
            "the address %s is private and no http-allow in [server] lets rules reach it",
            transfer->guard.denied);
        ret->sent_ms = 0;
        set_error(ret, VERDICT_REFUSED, "PRIVATE_ADDRESS", text);
    } else if (reply->curl_code != 0) {
        const char *error;
        struct ruling ruling =
            verdict_of_transport(reply->curl_code, reply->sent, command->write, &error);
        if (!reply->sent)
            ret->sent_ms = 0;
        set_error(ret, ruling.verdict, error, reply->detail);
    } else {
        read_status(reply, command, ret);
    }
}
