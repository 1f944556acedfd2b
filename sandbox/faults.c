#include "sandbox/faults.h"

#include <string.h>

#include "common/jv.h"
#include "common/mem.h"
#include "sandbox/limits.h"

static const struct {
    const char *name;
    enum fault_kind kind;
} names[] = {
    {"html", FAULT_HTML},
    {"empty", FAULT_EMPTY},
    {"truncated", FAULT_TRUNCATED},
    {"error", FAULT_ERROR},
    {"drop_before", FAULT_DROP_BEFORE},
    {"drop_after", FAULT_DROP_AFTER},
    {"slow", FAULT_SLOW},
    {"redirect", FAULT_REDIRECT},
    {"dead_webhook", FAULT_DEAD_WEBHOOK},
    {"refuse", FAULT_REFUSE},
    {"cut_off", FAULT_CUT_OFF},
    {"limit", FAULT_LIMIT},
    {"operation", FAULT_OPERATION},
};

static bool kind_of(const char *name, enum fault_kind *ret, struct err *err)
{
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strcmp(names[i].name, name) == 0) {
            *ret = names[i].kind;
            return true;
        }
    return err_set(err,
                   "unknown fault \"%s\"; html, empty, truncated, error, drop_before, drop_after, "
                   "slow, redirect, dead_webhook, refuse, cut_off, limit and operation are known",
                   name);
}

static void fault_done(struct fault *fault)
{
    mem_free(fault->method);
    mem_free(fault->code);
    mem_free(fault->text);
    mem_free(fault->to);
}

void faults_init(struct faults *faults)
{
    *faults = (struct faults){.seed = 1};
}

void faults_clear(struct faults *faults)
{
    for (size_t i = 0; i < faults->count; i++)
        fault_done(&faults->list[i]);
    faults_init(faults);
}

/* How often: count 0 until cleared, no number at all once, a refused webhook stays refused. */
static int64_t times_of(const json_t *wish, enum fault_kind kind)
{
    if (json_object_get(wish, "count") != NULL) {
        int64_t count = jv_int(wish, "count", 1);
        return count > 0 ? count : -1;
    }
    bool lasting = kind == FAULT_DEAD_WEBHOOK || json_object_get(wish, "every") != NULL ||
                   json_object_get(wish, "probability") != NULL;
    return lasting ? -1 : 1;
}

bool faults_add(struct faults *faults, const json_t *wish, struct err *err)
{
    enum fault_kind kind = FAULT_HTML;
    if (faults->count == FAULTS_MOST)
        return err_set(err, "more than %d faults at a time", FAULTS_MOST);
    if (!kind_of(jv_text(wish, "kind", ""), &kind, err))
        return false;
    if (kind == FAULT_REDIRECT && jv_text(wish, "to", NULL) == NULL)
        return err_set(err, "a redirect needs \"to\": the address it leads to");
    if (kind == FAULT_REFUSE && jv_text(wish, "code", NULL) == NULL)
        return err_set(err, "a refusal needs \"code\"");
    faults->list[faults->count++] = (struct fault){
        .kind = kind,
        .method = mem_strdup(jv_text(wish, "method", "*")),
        .left = times_of(wish, kind),
        .every = jv_int(wish, "every", 0),
        .probability = jv_real(wish, "probability", 0),
        .status = jv_int(wish, "status", 0),
        .ms = jv_int(wish, "ms", 1000),
        .after = kind == FAULT_ERROR && jv_flag(wish, "after"),
        .code = mem_strdup(jv_text(wish, "code", NULL)),
        .text = mem_strdup(jv_text(wish, "text", NULL)),
        .to = mem_strdup(jv_text(wish, "to", NULL)),
    };
    return true;
}

/* 0 ≤ x < 1, the same sequence in every run (a 64-bit linear congruential generator). */
static double chance(struct faults *faults)
{
    faults->seed = faults->seed * 6364136223846793005u + 1442695040888963407u;
    return (double)(faults->seed >> 11) / 9007199254740992.0;
}

static bool strikes(struct faults *faults, struct fault *fault)
{
    fault->seen++;
    if (fault->left == 0 || (fault->every > 0 && fault->seen % fault->every != 0))
        return false;
    if (fault->probability > 0 && chance(faults) >= fault->probability)
        return false;
    if (fault->left > 0)
        fault->left--;
    fault->struck++;
    return true;
}

json_t *faults_struck_new(const struct faults *faults)
{
    json_t *struck = json_object();
    for (size_t i = 0; i < faults->count; i++) {
        const struct fault *fault = &faults->list[i];
        for (size_t k = 0; k < sizeof names / sizeof names[0]; k++)
            if (names[k].kind == fault->kind)
                json_object_set_new(struck, names[k].name,
                                    json_integer(jv_int(struck, names[k].name, 0) + fault->struck));
    }
    return struck;
}

static bool of_command(enum fault_kind kind)
{
    return kind == FAULT_ERROR || kind == FAULT_OPERATION;
}

static bool meant(const struct fault *fault, const char *const *methods, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (limits_pattern(fault->method, methods[i]))
            return true;
    return false;
}

const struct fault *faults_strike(struct faults *faults, const char *const *methods, size_t count)
{
    for (size_t i = 0; i < faults->count; i++) {
        struct fault *fault = &faults->list[i];
        if (!of_command(fault->kind) && meant(fault, methods, count) && strikes(faults, fault))
            return fault;
    }
    return NULL;
}

const struct fault *faults_strike_command(struct faults *faults, const char *method, bool after)
{
    for (size_t i = 0; i < faults->count; i++) {
        struct fault *fault = &faults->list[i];
        if (of_command(fault->kind) && fault->after == after && meant(fault, &method, 1) &&
            strikes(faults, fault))
            return fault;
    }
    return NULL;
}
