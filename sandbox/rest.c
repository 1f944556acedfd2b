#include "sandbox/rest.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "common/jv.h"
#include "common/mem.h"
#include "common/secret.h"
#include "sandbox/batch.h"
#include "sandbox/envelope.h"
#include "sandbox/request.h"
#include "sandbox/state.h"
#include "sandbox/v3.h"

enum { MOST_NAMES = 1 + BATCH_MOST };

static bool misfortune(struct call *call, const char *name, bool after)
{
    const struct fault *fault = faults_strike_command(&call->sb->faults, name, after);
    if (fault == NULL)
        return true;
    if (fault->kind == FAULT_OPERATION)
        return call_fail(call, 429, "OPERATION_TIME_LIMIT",
                         "Method is blocked due to operation time limit.");
    return call_fail(call, fault->status > 0 ? (int)fault->status : 500,
                     fault->code != NULL ? fault->code : "INTERNAL_SERVER_ERROR", "%s",
                     fault->text != NULL ? fault->text : "Internal server error");
}

bool method_granted(const struct sandbox *sb, const struct method *method)
{
    size_t i;
    const json_t *scope;
    if (method->scope[0] == '\0')
        return true;
    json_array_foreach (sb->scopes, i, scope)
        if (strcmp(json_string_value(scope), method->scope) == 0)
            return true;
    return false;
}

/* §3.3 and §5: what is refused before the method runs. */
static bool admitted(struct call *call, const struct method *method)
{
    if (!method_granted(call->sb, method))
        return call_fail(call, 403, "insufficient_scope",
                         "The request requires higher privileges than provided by the webhook "
                         "token");
    if (!limits_method(&call->sb->limits, method->name, call->sb->now_ms))
        return call_fail(call, 429, "OPERATION_TIME_LIMIT",
                         "Method is blocked due to operation time limit.");
    return misfortune(call, method->name, false);
}

void rest_run(struct call *call, const struct method *method, bool hook, struct operating *ret_used)
{
    struct sandbox *sb = call->sb;
    *ret_used = (struct operating){0};
    call->method = method;
    if (hook && !admitted(call, method)) {
        journal_refusal(&sb->journal, call->error);
        return;
    }
    method->run(call);
    if (!hook)
        return;
    *ret_used = limits_charge(&sb->limits, method->name, sb->now_ms);
    if (sb->limits.work)
        sb->now_ms += (int64_t)llround(ret_used->cost_s * 1000);
    journal_command(&sb->journal, method->name);
    if (call->status != 0)
        journal_refusal(&sb->journal, call->error);
    else if (method->flags & METHOD_WRITES)
        journal_effect(&sb->journal, sandbox_now_new(sb), method->name, call->params, call->result);
    if (call->status == 0)
        (void)misfortune(call, method->name, true);
}

void rest_command(struct call *call, const char *name, bool hook, struct operating *ret_used)
{
    const struct method *method = method_find(name);
    *ret_used = (struct operating){0};
    if (method == NULL) {
        call_fail(call, 404, "ERROR_METHOD_NOT_FOUND", "Method not found!");
        if (hook)
            journal_refusal(&call->sb->journal, call->error);
        return;
    }
    rest_run(call, method, hook, ret_used);
}

/* Whom a fault may be meant for: the request's method and the commands of a batch. */
static size_t names_of(const char *method, const json_t *commands, char names[][100],
                       const char *list[])
{
    const char *key;
    const json_t *text;
    size_t count = 1;
    (void)snprintf(names[0], 100, "%s", method);
    json_object_foreach (jv_loose(commands), key, text)
        if (count < MOST_NAMES) {
            const char *command = json_string_value(text);
            (void)snprintf(names[count++], 100, "%.*s", (int)strcspn(command, "?#"), command);
        }
    for (size_t i = 0; i < count; i++)
        list[i] = names[i];
    return count;
}

static const char gateway_timeout[] =
    "<html><head><title>504 Gateway Time-out</title></head><body><center><h1>504 Gateway "
    "Time-out</h1></center><hr><center>nginx</center></body></html>";

static void page(struct sandbox_answer *ret, int status, const char *html)
{
    mem_free(ret->body);
    ret->status = status;
    ret->body = mem_strdup(html);
    ret->size = strlen(html);
    ret->content_type = "text/html; charset=utf-8";
}

/* A fault that comes instead of the method. False: the method runs. */
static bool instead(const struct fault *fault, const struct sandbox_request *request,
                    struct sandbox_answer *ret)
{
    switch (fault->kind) {
    case FAULT_HTML:
        page(ret, fault->status > 0 ? (int)fault->status : 502,
             "<html><head><title>502 Bad Gateway</title></head><body><center><h1>502 Bad "
             "Gateway</h1></center><hr><center>nginx</center></body></html>");
        return true;
    case FAULT_EMPTY:
        page(ret, fault->status > 0 ? (int)fault->status : 200, "");
        return true;
    case FAULT_DROP_BEFORE:
        ret->drop = true;
        return true;
    case FAULT_REDIRECT: /* §3.4: the same path on the new host */
        page(ret, fault->status > 0 ? (int)fault->status : 302, "");
        ret->location = mem_printf("%s%s", fault->to, request->path);
        return true;
    case FAULT_DEAD_WEBHOOK:
        envelope_refuse(ret, 401, "NO_AUTH_FOUND", "Wrong authorization data");
        return true;
    case FAULT_REFUSE:
        envelope_refuse(ret, fault->status > 0 ? (int)fault->status : 403, fault->code,
                        fault->text != NULL ? fault->text : "");
        return true;
    case FAULT_LIMIT:
        envelope_refuse(ret, 503, "QUERY_LIMIT_EXCEEDED", "Too many requests");
        return true;
    case FAULT_TRUNCATED:
    case FAULT_ERROR:
    case FAULT_DROP_AFTER:
    case FAULT_SLOW:
    case FAULT_CUT_OFF:
    case FAULT_OPERATION:
        return false;
    }
    return false;
}

/* A fault that comes on the answer's way back. */
static void afterwards(const struct fault *fault, struct sandbox_answer *ret)
{
    if (fault == NULL)
        return;
    if (fault->kind == FAULT_TRUNCATED)
        ret->body[ret->size /= 2] = '\0';
    else if (fault->kind == FAULT_DROP_AFTER)
        ret->drop = true;
    else if (fault->kind == FAULT_SLOW || fault->kind == FAULT_CUT_OFF)
        ret->delay_ms = fault->ms;
    if (fault->kind == FAULT_CUT_OFF)
        page(ret, 504, gateway_timeout);
}

/* The time was over halfway through a batch. */
static void cut(json_t *commands)
{
    size_t left = (json_object_size(commands) + 1) / 2, n = 0;
    const char *key;
    json_t *text;
    void *next;
    json_object_foreach_safe (commands, next, key, text)
        if (n++ >= left)
            json_object_del(commands, key);
}

static void execute(struct sandbox *sb, const struct request *request, const json_t *commands,
                    struct sandbox_answer *ret)
{
    struct call call;
    struct operating used = {0};
    call_init(&call, sb, NULL, request->params, sb->hook_user);
    if (commands != NULL)
        batch_run(&call, commands, &used);
    else
        rest_command(&call, request->method, true, &used);
    envelope_answer(sb, &call, &used, ret);
    call_done(&call);
}

static void note(struct sandbox *sb, const char *code)
{
    JV_AUTO *text = json_string(code);
    journal_refusal(&sb->journal, text);
}

/* The webhook's code, then the bucket (§5). */
static bool let_in(struct sandbox *sb, const struct request *request, struct sandbox_answer *ret)
{
    if (request->user != sb->hook_user || !secret_same(sb->hook_code, request->code)) {
        note(sb, "NO_AUTH_FOUND");
        envelope_refuse(ret, 401, "NO_AUTH_FOUND", "Wrong authorization data");
        return false;
    }
    if (!limits_request(&sb->limits, sb->now_ms)) {
        note(sb, "QUERY_LIMIT_EXCEEDED");
        envelope_refuse(ret, 503, "QUERY_LIMIT_EXCEEDED", "Too many requests");
        return false;
    }
    return true;
}

static void serve(struct sandbox *sb, const struct sandbox_request *from,
                  const struct request *request, struct sandbox_answer *ret)
{
    bool batch = !request->v3 && strcasecmp(request->method, "batch") == 0;
    JV_AUTO *commands = batch ? batch_commands_new(request->params) : NULL;
    char names[MOST_NAMES][100];
    const char *list[MOST_NAMES];
    size_t count = names_of(request->method, commands, names, list);
    const struct fault *fault = faults_strike(&sb->faults, list, count);
    if (fault != NULL && instead(fault, from, ret)) {
        note(sb, "fault");
        return;
    }
    if (!let_in(sb, request, ret))
        return;
    if (fault != NULL && fault->kind == FAULT_CUT_OFF)
        cut(commands);
    if (request->v3)
        v3_execute(sb, from, request, ret);
    else
        execute(sb, request, commands, ret);
    afterwards(fault, ret);
}

void sandbox_rest(struct sandbox *sb, const struct sandbox_request *from,
                  struct sandbox_answer *ret)
{
    struct request request;
    *ret = (struct sandbox_answer){0};
    sb->now_ms = from->now_ms;
    sb->journal.requests++;
    if (!request_read(from, &request)) {
        page(ret, 404, "<html><body><h1>404 Not Found</h1></body></html>");
        return;
    }
    serve(sb, from, &request, ret);
    ret->delay_ms += sb->now_ms - from->now_ms; /* commands of a batch run one after another */
    request_done(&request);
    events_flush(sb);
}

void sandbox_answer_done(struct sandbox_answer *answer)
{
    mem_free(answer->body);
    mem_free(answer->location);
    *answer = (struct sandbox_answer){0};
}
