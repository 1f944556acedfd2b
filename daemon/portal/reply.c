#include "daemon/portal/reply.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "common/jv.h"
#include "common/mem.h"
#include "daemon/portal/envelope.h"
#include "daemon/portal/pack.h"

size_t reply_scrub(char *text, size_t size, const char *secret)
{
    static const char mask[] = "***";
    enum { MASK = sizeof mask - 1 };
    size_t length = strlen(secret), kept = 0;
    if (length <= MASK)
        return size;
    const char *from = text, *end = text + size;
    for (const char *at = memmem(from, size, secret, length); at != NULL;
         at = memmem(from, (size_t)(end - from), secret, length)) {
        memmove(text + kept, from, (size_t)(at - from));
        kept += (size_t)(at - from);
        memcpy(text + kept, mask, MASK);
        kept += MASK;
        from = at + length;
    }
    memmove(text + kept, from, (size_t)(end - from) + 1);
    return kept + (size_t)(end - from);
}

static void go_alone(struct call *call)
{
    mem_free(call->encoded);
    call->encoded = NULL;
    call->encoded_known = true;
}

static void begin(const struct reply *reply, struct call *call)
{
    call->answer = (struct answer){
        .status = reply->status, .sent_ms = reply->sent_ms, .took_ms = reply->took_ms};
}

static void set_error(const struct reply *reply, struct answer *answer, struct ruling ruling,
                      const char *code, const char *text)
{
    answer->verdict = ruling.verdict;
    (void)snprintf(answer->error, sizeof answer->error, "%s", code);
    envelope_line(answer->text, sizeof answer->text, text);
    (void)reply_scrub(answer->text, strlen(answer->text), reply->secret);
    if (ruling.verdict == VERDICT_RETRY && !reply->sent)
        answer->sent_ms = 0;
}

/* Addresses that open without a login (downloadUrlMachine, pdfUrlMachine …) carry a key in them
 * (§8.6, §8.11): they go no further, so they are in no row and no output. */
static void cut_keyed(json_t *tree, int depth)
{
    const char *suffix = "Machine", *key;
    json_t *value;
    void *next;
    size_t i;
    if (depth == 0)
        return;
    json_array_foreach (tree, i, value)
        cut_keyed(value, depth - 1);
    json_object_foreach_safe (tree, next, key, value) {
        size_t size = strlen(key);
        if (size > strlen(suffix) && strcmp(key + size - strlen(suffix), suffix) == 0)
            (void)json_object_del(tree, key);
        else
            cut_keyed(value, depth - 1);
    }
}

static void set_result(struct call *call, const json_t *result, const json_t *next,
                       const json_t *total)
{
    enum { DEPTH = 4 }; /* result, "documents", a row, its member */
    static const char documents[] = "crm.documentgenerator.";
    struct answer *answer = &call->answer;
    if (strncasecmp(call->command.method, documents, strlen(documents)) == 0)
        cut_keyed(jv_loose(result), DEPTH);
    answer->verdict = VERDICT_DONE;
    answer->result = json_incref(jv_loose(result));
    answer->next = next != NULL ? json_incref(jv_loose(next)) : NULL;
    answer->total = jv_int(total, "", -1);
}

static void note_why(struct reply_effect *effect, const struct reply *reply, const char *code,
                     const char *text)
{
    char line[sizeof effect->why];
    envelope_line(line, sizeof line, text);
    (void)snprintf(effect->why, sizeof effect->why, "%.60s%s%.130s", code,
                   code[0] != '\0' && line[0] != '\0' ? ": " : "", line);
    (void)reply_scrub(effect->why, strlen(effect->why), reply->secret);
}

/* No envelope: what it is called, and what it means for a call that writes, or does not. */
static struct ruling rule_failure(const struct reply *reply, bool write, const char **ret_code)
{
    if (reply->astray) {
        *ret_code = "REDIRECT";
        return verdict_of_redirect();
    }
    if (reply->curl_code != 0)
        return verdict_of_transport(reply->curl_code, reply->sent, write, ret_code);
    *ret_code = reply->size == 0 ? "EMPTY_ANSWER" : "NOT_JSON";
    return verdict_of_nonsense(reply->status, write);
}

/* libcurl gave up, or what came is no REST: the same for each call but for its being a write. */
static void read_failure(const struct reply *reply, struct call *const *calls, size_t count,
                         struct reply_effect *ret)
{
    char text[160];
    const char *code;
    (void)snprintf(text, sizeof text, "HTTP status %d with %s", reply->status,
                   reply->size == 0 ? "an empty body" : "a body that is no answer of REST");
    const char *words = reply->curl_code == 0 && !reply->astray ? text : reply->detail;
    struct ruling whole = rule_failure(reply, false, &code);
    ret->answered = reply->astray;
    ret->after = whole.after;
    ret->advice = whole.advice;
    for (size_t i = 0; i < count; i++) {
        struct ruling ruling = rule_failure(reply, calls[i]->command.write, &code);
        if (count > 1 && verdict_pauses(ruling.after))
            go_alone(calls[i]);
        begin(reply, calls[i]);
        set_error(reply, &calls[i]->answer, ruling, code, words);
    }
    note_why(ret, reply, code, words);
}

/* An error of the request as a whole. */
static void read_refusal(const struct reply *reply, const struct envelope *envelope,
                         struct call *const *calls, size_t count, bool batch, struct budget *budget,
                         struct reply_effect *ret)
{
    struct ruling whole = verdict_of_error(envelope->code, envelope->text, reply->status, false);
    ret->after = whole.after;
    ret->advice = whole.advice;
    note_why(ret, reply, envelope->code, envelope->text);
    for (size_t i = 0; i < count; i++) {
        struct call *call = calls[i];
        struct ruling ruling =
            verdict_of_error(envelope->code, envelope->text, reply->status, call->command.write);
        /* The request was refused, not this command: who is to blame shows when each goes alone. */
        if (batch && (ruling.verdict == VERDICT_REFUSED || verdict_pauses(ruling.after)))
            go_alone(call);
        if (batch && ruling.verdict == VERDICT_REFUSED)
            ruling.verdict = VERDICT_RETRY;
        if (ruling.after == AFTER_ALONE)
            go_alone(call);
        if (ruling.after == AFTER_METHOD)
            budget_method_refused(budget, call->command.method, reply->now_ms);
        else if (!batch && ruling.verdict == VERDICT_REFUSED)
            budget_learn(budget, call->command.method, NULL, reply->sent_ms, reply->now_ms);
        begin(reply, call);
        set_error(reply, &call->answer, ruling, envelope->code, envelope->text);
    }
}

/* A batch's maps are objects, [] when empty, arrays when the keys were numbers (§4). */
static const json_t *entry(const json_t *maps, const char *map, size_t i)
{
    char key[8];
    pack_key(i, key);
    const json_t *entries = json_object_get(maps, map);
    return json_is_array(entries) ? json_array_get(entries, i) : json_object_get(entries, key);
}

static void read_command_error(const struct reply *reply, const json_t *error, struct call *call,
                               struct budget *budget, struct reply_effect *ret)
{
    char code[ENVELOPE_CODE_SIZE], text[ENVELOPE_TEXT_SIZE];
    envelope_read_error(error, code, text);
    /* No status of its own (§4); 0 leaves an unknown code refused. */
    struct ruling ruling = verdict_of_error(code, text, 0, call->command.write);
    if (verdict_pauses(ruling.after))
        ruling = (struct ruling){.verdict = VERDICT_RETRY, .after = AFTER_ALONE};
    if (ruling.after == AFTER_ALONE)
        go_alone(call);
    if (ruling.after == AFTER_METHOD)
        budget_method_refused(budget, call->command.method, reply->now_ms);
    if (ruling.after == AFTER_RATE)
        ret->after = AFTER_RATE;
    set_error(reply, &call->answer, ruling, code, text);
}

static void read_batch(const struct reply *reply, const json_t *maps, struct call *const *calls,
                       size_t count, struct budget *budget, struct reply_effect *ret)
{
    for (size_t i = 0; i < count; i++) {
        struct call *call = calls[i];
        const json_t *error = entry(maps, "result_error", i);
        const json_t *result = entry(maps, "result", i);
        begin(reply, call);
        budget_learn(budget, call->command.method, entry(maps, "result_time", i), reply->sent_ms,
                     reply->now_ms);
        if (error != NULL) {
            read_command_error(reply, error, call, budget, ret);
        } else if (result != NULL) {
            set_result(call, result, entry(maps, "result_next", i), entry(maps, "result_total", i));
        } else {
            set_error(reply, &call->answer, verdict_of_nonsense(reply->status, call->command.write),
                      "MISSING", "the answer of the batch says nothing of this command");
        }
    }
}

void reply_read(const struct reply *reply, struct call *const *calls, size_t count, bool batch,
                struct budget *budget, struct reply_effect *ret)
{
    struct envelope envelope;
    struct err err = {0};
    *ret = (struct reply_effect){0};
    if (reply->curl_code != 0 || !envelope_parse(reply->body, reply->size, &envelope, &err)) {
        read_failure(reply, calls, count, ret);
        return;
    }
    ret->answered = true;
    budget_hear_clock(budget, envelope.time, reply->now_ms);
    if (envelope.failed) {
        read_refusal(reply, &envelope, calls, count, batch, budget, ret);
    } else if (batch) {
        read_batch(reply, envelope.result, calls, count, budget, ret);
    } else if (count == 1) {
        begin(reply, calls[0]);
        budget_learn(budget, calls[0]->command.method, envelope.time, reply->sent_ms,
                     reply->now_ms);
        set_result(calls[0], envelope.result, envelope.next, envelope.total);
    }
    envelope_done(&envelope);
}
