#ifndef TESTS_UNIT_SANDBOX_KIT_H
#define TESTS_UNIT_SANDBOX_KIT_H

/* A portal in memory and short ways to ask it. */

#include <check.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "common/jv.h"
#include "common/mem.h"
#include "sandbox/core.h"

#define KIT_CODE "abcdef1234567890"
/* 21 August 2025, 05:46:40 UTC: the `ts` of the samples in bitrix24.md §1.5. */
#define KIT_NOW INT64_C(1755780000000)

static inline struct sandbox *kit_new_limited(double drain, double size, double operating)
{
    return sandbox_new(&(struct sandbox_options){
        .rate_drain = drain,
        .rate_size = size,
        .operating_limit_s = operating,
        .host = "x.bitrix24.com",
        .hook_code = KIT_CODE,
        .hook_user = 1,
        .application_token = "51856fefc120afa4b628cc82d3935cce",
        .member_id = "a223c6b3710f85df22e9377d6c4f7553",
    });
}

static inline struct sandbox *kit_new(void)
{
    return kit_new_limited(0, 50, 0);
}

struct kit_reply {
    int status;
    json_t *body; /* NULL when it is not JSON */
    struct sandbox_answer raw;
};

static inline struct kit_reply kit_send(struct sandbox *sb, const struct sandbox_request *request)
{
    struct kit_reply reply = {0};
    sandbox_rest(sb, request, &reply.raw);
    reply.status = reply.raw.status;
    if (reply.raw.body != NULL)
        reply.body = json_loadb(reply.raw.body, reply.raw.size, JSON_DECODE_ANY, NULL);
    return reply;
}

static inline void kit_reply_done(struct kit_reply *reply)
{
    json_decref(reply->body);
    sandbox_answer_done(&reply->raw);
    *reply = (struct kit_reply){0};
}

/* A call with a JSON body, at a moment; `json` with single quotes for double ones. */
static inline struct kit_reply kit_call_at(struct sandbox *sb, int64_t now_ms, const char *method,
                                           const char *json)
{
    char path[200];
    char *body = mem_strdup(json);
    for (char *at = body; *at != '\0'; at++)
        *at = *at == '\'' ? '"' : *at;
    (void)snprintf(path, sizeof path, "/rest/1/" KIT_CODE "/%s", method);
    struct kit_reply reply =
        kit_send(sb, &(struct sandbox_request){.method = "POST",
                                               .path = path,
                                               .query = "",
                                               .content_type = "application/json",
                                               .body = body,
                                               .size = strlen(body),
                                               .now_ms = now_ms});
    mem_free(body);
    return reply;
}

static inline struct kit_reply kit_call(struct sandbox *sb, const char *method, const char *json)
{
    return kit_call_at(sb, KIT_NOW, method, json);
}

/* The call's `result`, which must be there. New. */
static inline json_t *kit_result(struct sandbox *sb, const char *method, const char *json)
{
    struct kit_reply reply = kit_call(sb, method, json);
    json_t *result = json_incref(json_object_get(reply.body, "result"));
    ck_assert_msg(result != NULL, "%s: %s", method, reply.raw.body);
    kit_reply_done(&reply);
    return result;
}

/* The call fails with that status, code and text. */
static inline void kit_fails(struct sandbox *sb, const char *method, const char *json, int status,
                             const char *code, const char *text)
{
    struct kit_reply reply = kit_call(sb, method, json);
    char *error = jv_print_new(json_object_get(reply.body, "error"));
    ck_assert_msg(json_object_get(reply.body, "error") != NULL, "%s did not fail: %s", method,
                  reply.raw.body);
    ck_assert_str_eq(error, code);
    ck_assert_int_eq(reply.status, status);
    if (text != NULL)
        ck_assert_str_eq(jv_text(reply.body, "error_description", ""), text);
    mem_free(error);
    kit_reply_done(&reply);
}

/* A control command, which must succeed. New. */
static inline json_t *kit_control(struct sandbox *sb, const char *json)
{
    struct err err = {0};
    char *text = mem_strdup(json);
    for (char *at = text; *at != '\0'; at++)
        *at = *at == '\'' ? '"' : *at;
    json_t *command = json_loads(text, 0, NULL);
    ck_assert_msg(command != NULL, "not JSON: %s", text);
    json_t *ret = sandbox_control(sb, command, KIT_NOW, &err);
    ck_assert_msg(ret != NULL, "%s: %s", json, err.text);
    json_decref(command);
    mem_free(text);
    return ret;
}

static inline void kit_do(struct sandbox *sb, const char *json)
{
    json_decref(kit_control(sb, json));
}

static inline int64_t kit_count(struct sandbox *sb, const char *json)
{
    json_t *ret = kit_control(sb, json);
    int64_t count = jv_int(ret, "count", -1);
    json_decref(ret);
    return count;
}

#endif
