#include "tests/support/house_inside.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/jv.h"
#include "common/mem.h"
#include "common/percent.h"

enum { ARGUMENTS_MOST = 32 };

/* ---- the daemon from outside ----------------------------------------------------------------- */

struct wire_answer house_ask(struct house *h, const struct wire_request *request)
{
    struct wire_answer answer;
    struct err err = {0};
    if (!wire_request(request, &answer, &err))
        house_fail(h, "%s %s: %s", request->method, request->url, err.text);
    return answer;
}

int house_post(struct house *h, const char *path, const char *body)
{
    char *url = mem_printf("%s%s", h->public_url, path);
    struct wire_request request = {.method = "POST",
                                   .url = url,
                                   .content_type = "application/x-www-form-urlencoded",
                                   .user_agent = "Bitrix24 Webhook Engine",
                                   .body = body,
                                   .body_size = strlen(body),
                                   .timeout_ms = HOUSE_ANSWER_MS};
    struct wire_answer answer = house_ask(h, &request);
    int status = answer.status;
    wire_answer_done(&answer);
    mem_free(url);
    return status;
}

static int connect_to(const struct house *h, const char *url)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port =
                                      htons((uint16_t)strtoul(strrchr(url, ':') + 1, NULL, 10)),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct timeval patience = {.tv_sec = HOUSE_PATIENCE_S};
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    if (fd < 0 || connect(fd, (const struct sockaddr *)&address, sizeof address) != 0)
        house_fail(h, "cannot connect to %s: %s", url, strerror(errno));
    return fd;
}

int house_raw(struct house *h, const char *bytes, size_t size)
{
    int fd = connect_to(h, h->public_url);
    char answer[512] = "";
    size_t have = 0;
    while (size > 0) {
        /* A server that refuses by the head alone may close before it has read all. */
        ssize_t sent = send(fd, bytes, size, MSG_NOSIGNAL);
        if (sent <= 0)
            break;
        bytes += sent;
        size -= (size_t)sent;
    }
    while (have + 1 < sizeof answer && strstr(answer, "\r\n") == NULL) {
        ssize_t got = recv(fd, answer + have, sizeof answer - 1 - have, 0);
        if (got <= 0)
            break;
        have += (size_t)got;
        answer[have] = '\0';
    }
    (void)close(fd);
    return strncmp(answer, "HTTP/1.1 ", 9) == 0 ? (int)strtol(answer + 9, NULL, 10) : 0;
}

char *house_get(struct house *h, const char *path, int *ret_status)
{
    char *url = mem_printf("http://localhost%s", path);
    struct wire_request request = {
        .method = "GET", .url = url, .unix_path = h->socket, .timeout_ms = HOUSE_ANSWER_MS};
    struct wire_answer answer = house_ask(h, &request);
    *ret_status = answer.status;
    mem_free(url);
    return answer.body;
}

json_t *house_parse(const struct house *h, const char *text, const char *from)
{
    struct err err = {0};
    json_t *tree = jv_parse_new(text, strlen(text), &err);
    if (tree == NULL)
        house_fail(h, "%s is no JSON (%s): %s", from, err.text, text);
    return tree;
}

json_t *house_api(struct house *h, const char *path)
{
    int status;
    char *text = house_get(h, path, &status);
    if (status != 200)
        house_fail(h, "%s answers %d: %s", path, status, text);
    json_t *tree = house_parse(h, text, path);
    mem_free(text);
    return tree;
}

static json_t *api_about(struct house *h, const char *route, const char *entity, const char *more)
{
    struct buf path BUF_AUTO;
    buf_init(&path, 4096);
    buf_printf(&path, "/api/%s?%s", route, more);
    if (entity[0] != '\0') {
        buf_text(&path, "&entity=");
        percent_encode(&path, entity, strlen(entity));
    }
    return house_api(h, path.data);
}

json_t *house_story(struct house *h, const char *entity)
{
    JV_AUTO *answer = api_about(h, "story", entity, "portal=main");
    return json_incref(json_object_get(answer, "rows"));
}

json_t *house_runs(struct house *h, const char *rule, const char *state, const char *entity)
{
    char *more = mem_printf("rule=%s&state=%s", rule, state);
    JV_AUTO *answer = api_about(h, "runs", entity, more);
    mem_free(more);
    return json_incref(json_object_get(answer, "runs"));
}

int house_count_runs(struct house *h, const char *rule, const char *state)
{
    JV_AUTO *runs = house_runs(h, rule, state, "");
    return (int)json_array_size(runs);
}

double house_metric(struct house *h, const char *line)
{
    int status;
    char *text = house_get(h, "/metrics", &status);
    double value = 0;
    for (const char *at = text; at != NULL; at = strchr(at, '\n')) {
        at += *at == '\n';
        if (strncmp(at, line, strlen(line)) == 0)
            value = strtod(at + strlen(line), NULL);
    }
    mem_free(text);
    return value;
}

/* ---- verbs ----------------------------------------------------------------------------------- */

struct house_said house_verb(struct house *h, const char *const *arguments)
{
    const char *all[ARGUMENTS_MOST] = {"b24bridge", arguments[0]};
    size_t count = 2;
    for (size_t i = 1; arguments[0] != NULL && arguments[i] != NULL && count < ARGUMENTS_MOST - 4;
         i++)
        all[count++] = arguments[i];
    all[count++] = "-c";
    all[count++] = h->config;
    char *out_path = mem_printf("%s/verb.out", h->folder);
    char *err_path = mem_printf("%s/verb.err", h->folder);
    (void)unlink(out_path);
    (void)unlink(err_path);
    pid_t pid = house_spawn(h, house_binary(h, "B24BRIDGE"), all, out_path, err_path, -1);
    struct house_said said = {.code = house_wait_for_end(pid, HOUSE_ANSWER_MS)};
    said.out = house_file_read(out_path);
    said.err = house_file_read(err_path);
    mem_free(out_path);
    mem_free(err_path);
    return said;
}

void house_said_done(struct house_said *said)
{
    mem_free(said->out);
    mem_free(said->err);
}
