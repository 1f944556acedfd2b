#include "sandbox/poster.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "common/jv.h"
#include "common/log.h"
#include "common/mem.h"
#include "daemon/portal/wire.h"
#include "sandbox/later.h"

enum { THREADS = 8, TIMEOUT_MS = 5000 };

struct poster {
    struct later *later;
    pthread_mutex_t lock; /* guards the counters */
    int64_t posted, failed;
    json_t *statuses;
};

struct post {
    struct later_job job; /* first, so that a job is its post */
    struct poster *poster;
    json_t *event; /* owned; no other thread has it */
};

static void count(struct poster *poster, int status)
{
    char name[16];
    (void)snprintf(name, sizeof name, "%d", status);
    pthread_mutex_lock(&poster->lock);
    if (status > 0) {
        json_int_t before = json_integer_value(json_object_get(poster->statuses, name));
        json_object_set_new(poster->statuses, name, json_integer(before + 1));
        poster->posted++;
    } else {
        poster->failed++;
    }
    pthread_mutex_unlock(&poster->lock);
}

/* The status, 0 when nobody answered. */
static int send_once(const json_t *event)
{
    struct wire_answer answer;
    struct err err = {0};
    const char *body = jv_text(event, "body", "");
    struct wire_request request = {
        .method = "POST",
        .url = jv_text(event, "url", ""),
        .content_type = jv_text(event, "content_type", NULL),
        .user_agent = "Bitrix24 Webhook Engine", /* §1.1 */
        .body = body,
        .body_size = strlen(body),
        .timeout_ms = TIMEOUT_MS,
    };
    if (!wire_request(&request, &answer, &err)) {
        log_debug("an event was not heard error=%s", err.text);
        return 0;
    }
    int status = answer.status;
    wire_answer_done(&answer);
    return status;
}

static void run(struct later_job *job, bool cancelled)
{
    struct post *post = (struct post *)job;
    count(post->poster, cancelled ? 0 : send_once(post->event));
    json_decref(post->event);
    mem_free(post);
}

struct poster *poster_start(struct err *err)
{
    struct poster *poster = mem_alloc(sizeof *poster);
    pthread_mutex_init(&poster->lock, NULL);
    poster->statuses = json_object();
    poster->later = later_start(THREADS, err);
    if (poster->later != NULL)
        return poster;
    poster_stop(poster);
    return NULL;
}

void poster_stop(struct poster *poster)
{
    if (poster == NULL)
        return;
    if (poster->later != NULL)
        later_close(poster->later);
    later_free(poster->later);
    json_decref(poster->statuses);
    pthread_mutex_destroy(&poster->lock);
    mem_free(poster);
}

void poster_send(struct poster *poster, json_t *events)
{
    int64_t now_ms = clock_mono_ms();
    /* Each event leaves the array before a thread gets it: jansson's counters are not locked. */
    while (json_array_size(events) > 0) {
        struct post *post = mem_alloc(sizeof *post);
        post->poster = poster;
        post->event = json_incref(json_array_get(events, 0));
        json_array_remove(events, 0);
        post->job.run = run;
        post->job.due_ms = now_ms + jv_int(post->event, "delay_ms", 0);
        later_add(poster->later, &post->job);
    }
    json_decref(events);
}

json_t *poster_stats_new(struct poster *poster)
{
    size_t waiting = later_count(poster->later);
    pthread_mutex_lock(&poster->lock);
    json_t *stats = json_pack("{sI sI sI so}", "posted", (json_int_t)poster->posted, "failed",
                              (json_int_t)poster->failed, "waiting", (json_int_t)waiting,
                              "statuses", json_deep_copy(poster->statuses));
    pthread_mutex_unlock(&poster->lock);
    return stats;
}
