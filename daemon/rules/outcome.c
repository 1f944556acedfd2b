#include "daemon/rules/outcome.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/buf.h"
#include "common/jv.h"
#include "common/mem.h"
#include "daemon/model/need.h"

enum { MOST_LABEL_BYTES = 64 * 1024 };

/* The answer by a command's own key; a success of an earlier attempt counts as well. */
static const json_t *answer_of(const struct plan *p, const struct command *command)
{
    const char *dot = strchr(command->key, '.');
    return plan_answer(p, dot == NULL ? 0 : strtoll(dot + 1, NULL, 10));
}

static enum verdict verdict_of(const struct plan *p, const struct command *command)
{
    enum verdict verdict = VERDICT_NONE;
    const json_t *answer = answer_of(p, command);
    if (answer == NULL || !verdict_parse(jv_text(answer, "verdict", ""), &verdict))
        return VERDICT_NONE;
    return verdict;
}

struct outcome outcome_of(const struct plan *p)
{
    struct outcome ret = {0};
    for (size_t i = 0; i < p->count; i++) {
        const struct command *command = &p->commands[i];
        switch (verdict_of(p, command)) {
        case VERDICT_NONE:
            ret.open++;
            break;
        case VERDICT_DONE:
            break;
        case VERDICT_SHADOW:
            ret.shadow = true;
            break;
        case VERDICT_REFUSED:
        case VERDICT_LIMITED:
        case VERDICT_RETRY:
            ret.failed = ret.failed == NULL ? command : ret.failed;
            break;
        case VERDICT_UNSURE:
            ret.unsure = ret.unsure == NULL ? command : ret.unsure;
            break;
        }
    }
    return ret;
}

void outcome_say_failure(const struct plan *p, const struct command *command, char out[512])
{
    const json_t *answer = answer_of(p, command);
    const char *error = jv_text(answer, "error", "");
    const char *text = jv_text(answer, "text", "");
    (void)snprintf(out, 512, "%s: %s%s%s", command->method, error,
                   error[0] != '\0' && text[0] != '\0' ? ": " : "", text);
}

static const json_t *first_result(const struct plan *p)
{
    return p->count == 0 ? NULL : json_object_get(answer_of(p, p->commands), "result");
}

static bool is_one_method(const struct plan *p)
{
    for (size_t i = 1; i < p->count; i++)
        if (strcmp(p->commands[i].method, p->commands[0].method) != 0)
            return false;
    return true;
}

static void say_calls(const struct plan *p, bool shadow, struct buf *out)
{
    JV_AUTO *made = plan_id_of_new(first_result(p));
    const json_t *id = json_object_get(made, "id");
    bool one_method = is_one_method(p);
    buf_printf(out, "%s%s", shadow ? "would call " : "", p->commands[0].method);
    if (p->count > 1 && one_method) {
        buf_printf(out, ", %zu times", p->count);
        return;
    }
    if (id != NULL) {
        buf_text(out, ", id ");
        jv_print(out, id);
    }
    if (!one_method)
        buf_printf(out, ", and %zu more calls", p->count - 1);
}

void outcome_say_done(const struct plan *p, const struct outcome *outcome, char out[512])
{
    struct buf say BUF_AUTO;
    buf_init(&say, 511);
    if (p->count > 0)
        say_calls(p, outcome->shadow, &say);
    if (p->note[0] != '\0')
        buf_printf(&say, "%s%s", say.size == 0 ? "" : "; ", p->note);
    (void)snprintf(out, 512, "%s", say.data);
}

/* Calls that make or tell things, but leave records of crm.item.* as they are. */
static bool leaves_records(const char *method)
{
    static const char *const stems[] = {"crm.item.add", "crm.timeline.", "crm.activity.",
                                        "crm.documentgenerator."};
    for (size_t i = 0; i < sizeof stems / sizeof stems[0]; i++)
        if (strncmp(method, stems[i], strlen(stems[i])) == 0)
            return true;
    return strncmp(method, "crm.", 4) != 0 && strncmp(method, "bizproc.", 8) != 0;
}

void outcome_touch(const struct plan *p, json_t *vars)
{
    json_t *touched = json_object_get(vars, "touched");
    for (size_t i = 0; i < p->count; i++) {
        const struct command *c = &p->commands[i];
        char need[NEED_SIZE] = "*", id[24];
        if (!c->write || leaves_records(c->method))
            continue;
        if (strcmp(c->method, "crm.item.update") == 0) {
            (void)snprintf(id, sizeof id, "%" PRId64, jv_int(c->params, "id", 0));
            need_print_entity((int)jv_int(c->params, "entityTypeId", 0), id, need);
        }
        if (touched == NULL) {
            touched = json_object();
            (void)json_object_set_new(vars, "touched", touched);
        }
        (void)json_object_set_new(touched, need, json_true());
    }
}

void outcome_keep_open(struct plan *p)
{
    size_t kept = 0;
    for (size_t i = 0; i < p->count; i++) {
        if (verdict_of(p, &p->commands[i]) == VERDICT_NONE)
            p->commands[kept++] = p->commands[i];
        else
            command_done(&p->commands[i]);
    }
    p->count = kept;
}

static bool is_too_long(const json_t *value)
{
    char *text = jv_dump_new(value);
    bool ret = strlen(text) > MOST_LABEL_BYTES;
    mem_free(text);
    return ret;
}

/* A long list is still counted. */
static json_t *shortened_new(const json_t *result)
{
    json_t *ret = plan_id_of_new(result);
    json_t *total = json_object_get(result, "total");
    if (total != NULL)
        (void)json_object_set(ret, "total", total);
    return ret;
}

json_t *outcome_label_new(const struct plan *p, const struct outcome *outcome)
{
    if (outcome->shadow)
        return json_pack("{s:i, s:b}", "id", 0, "shadow", 1);
    if (p->result == NULL)
        return plan_id_of_new(first_result(p));
    return is_too_long(p->result) ? shortened_new(p->result) : json_incref(p->result);
}
