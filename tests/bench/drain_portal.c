#include "tests/bench/drain_portal.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>

#include "common/jv.h"
#include "common/mem.h"
#include "daemon/portal/wire.h"
#include "tests/bench/subject.h"

enum { WAIT_MS = 24 * 3600 * 1000, TRIES = 1000, PAUSE_MS = 100 };

static bool post(const char *url, const char *body, struct wire_answer *ret)
{
    struct err err = {0};
    const struct wire_request request = {.method = "POST",
                                         .url = url,
                                         .content_type = "application/json",
                                         .body = body,
                                         .body_size = strlen(body),
                                         .timeout_ms = WAIT_MS};
    return wire_request(&request, ret, &err);
}

static json_t *post_new(const char *url, const char *body)
{
    struct wire_answer answer;
    struct err err = {0};
    if (!post(url, body, &answer))
        return NULL;
    json_t *tree = jv_parse_new(answer.body, answer.size, &err);
    wire_answer_done(&answer);
    return tree;
}

json_t *drain_portal_ask(const struct drain_portal *portal, const char *command)
{
    char *url = mem_printf("http://127.0.0.1:%d/control", portal->port);
    json_t *tree = post_new(url, command);
    mem_free(url);
    return tree;
}

static void tell(const struct drain_portal *portal, char *command)
{
    json_decref(drain_portal_ask(portal, command));
    mem_free(command);
}

static bool is_up(const struct drain_portal *portal)
{
    JV_AUTO *stats = drain_portal_ask(portal, "{\"do\":\"stats\"}");
    return stats != NULL;
}

void drain_portal_start(struct drain_portal *portal, double work_s, bool uneven, int delay_ms)
{
    const struct timespec pause = {.tv_nsec = PAUSE_MS * 1000000L};
    *portal = (struct drain_portal){.port = subject_free_port()};
    subject_folder(portal->folder);
    (void)snprintf(portal->url, sizeof portal->url, "http://127.0.0.1:%d/rest/1/benchbench/",
                   portal->port);
    char *program = subject_beside("../b24sandbox");
    char *listen = mem_printf("127.0.0.1:%d", portal->port);
    char *delay = mem_printf("%d", delay_ms);
    const char *arguments[] = {program,      "--listen", listen,    "--code", "benchbench",
                               "--delay-ms", delay,      "--quiet", NULL};
    portal->pid = subject_spawn(portal->folder, arguments, 0);
    mem_free(delay);
    mem_free(listen);
    mem_free(program);
    int tries = 0;
    while (!is_up(portal) && tries++ < TRIES)
        (void)nanosleep(&pause, NULL);
    if (tries >= TRIES) {
        (void)fprintf(stderr, "bench: b24sandbox does not listen, see %s/log\n", portal->folder);
        exit(1);
    }
    tell(portal, mem_printf("{\"do\":\"cost\",\"method\":\"*\",\"seconds\":%g}", work_s));
    tell(portal, mem_strdup("{\"do\":\"seed\",\"deals\":1000}"));
    tell(portal,
         mem_printf("{\"do\":\"limits\",\"work\":true,\"uneven\":%s}", uneven ? "true" : "false"));
}

void drain_portal_stop(struct drain_portal *portal)
{
    (void)kill(portal->pid, SIGKILL);
    (void)waitpid(portal->pid, NULL, 0);
    subject_remove(portal->folder);
}

int64_t drain_portal_refusals(const struct drain_portal *portal)
{
    JV_AUTO *stats = drain_portal_ask(portal, "{\"do\":\"stats\"}");
    const json_t *refusals = json_object_get(stats, "refusals");
    return jv_int(refusals, "QUERY_LIMIT_EXCEEDED", 0) +
           jv_int(refusals, "OPERATION_TIME_LIMIT", 0);
}

bool drain_portal_call(const struct drain_portal *portal, const char *method, const char *params)
{
    char *url = mem_printf("%s%s", portal->url, method);
    JV_AUTO *answer = post_new(url, params);
    mem_free(url);
    return json_object_get(answer, "result") != NULL;
}
