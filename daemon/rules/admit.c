#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/buf.h"
#include "common/duration.h"
#include "common/jv.h"
#include "common/mem.h"
#include "common/utf8.h"
#include "daemon/rules/change.h"

enum { REASON_SIZE = 320, MOST_WAY = 110 /* letters */ };

/* What the checks look at. */
struct asking {
    const struct rule *rule;
    const struct firing *firing;
    const struct change *change;
    const struct run *live;
    size_t live_count;
    const struct fired *fired;
    int64_t now_ms;
    char entity[ENTITY_ID_SIZE + 32];
    char *reason;
};

#define SAY(a, ...) (void)snprintf((a)->reason, REASON_SIZE, __VA_ARGS__)

/* `window` as people say it, for the limit: "1 h". */
static void print_window(int64_t window_ms, char out[48])
{
    const struct duration window = {.unit = DURATION_PLAIN, .amount = window_ms};
    duration_print(&window, out);
}

/* One cause of "RULE|TYPE|ID" as people say it: "RULE (deal 5)". */
static void print_cause(struct buf *out, const char *cause)
{
    char name[ENTITY_ID_SIZE + 32];
    size_t rule = strcspn(cause, "|");
    const char *id = strrchr(cause, '|');
    struct entity entity = {.type = cause[rule] == '|' ? (int)strtol(cause + rule + 1, NULL, 10)
                                                       : ENTITY_NONE};
    buf_printf(out, "%.*s", (int)rule, cause);
    if (id == NULL || entity.type == ENTITY_NONE)
        return;
    (void)snprintf(entity.id, sizeof entity.id, "%s", id + 1);
    entity_print(&entity, name);
    buf_printf(out, " (%s)", name);
}

/* "a (deal 5) → b (deal 5)": what led here, from the first on; of a long way its beginning. */
static char *way_new(const struct asking *a)
{
    struct buf way BUF_AUTO;
    size_t i;
    json_t *cause;
    buf_init(&way, 8192);
    json_array_foreach (jv_loose(a->change->chain), i, cause) {
        if (i > 0)
            buf_text(&way, " → ");
        print_cause(&way, json_string_value(cause));
    }
    if (utf8_length(way.data) <= MOST_WAY)
        return buf_take(&way);
    return mem_printf("%.*s…", (int)utf8_prefix(way.data, MOST_WAY), way.data);
}

static enum admit refuse_way(struct asking *a, const char *why, const char *whom)
{
    char *way = way_new(a);
    SAY(a, "%s%s: %s", why, whom, way);
    mem_free(way);
    return ADMIT_SKIP;
}

/* product.md §1 promise 7: a rule fires at most once for an entity in one chain of causes. */
static enum admit check_chain(struct asking *a)
{
    static const char too_long[] =
        "rules set off one another 12 times in a row, which is the most allowed";
    _Static_assert(RUN_CHAIN_MOST == 12, "the text says so");
    char own[RUN_RULE_SIZE + ENTITY_ID_SIZE + 32];
    (void)snprintf(own, sizeof own, "%s|%d|%s", a->rule->name, a->change->entity.type,
                   a->change->entity.id);
    size_t count = json_array_size(a->change->chain);
    for (size_t i = 0; i < count; i++) {
        if (strcmp(json_string_value(json_array_get(a->change->chain, i)), own) != 0)
            continue;
        return refuse_way(a, "the rule itself is among the causes of this change of ", a->entity);
    }
    return count < RUN_CHAIN_MOST ? ADMIT_START : refuse_way(a, too_long, "");
}

static enum admit check_frozen(struct asking *a)
{
    char left[48];
    if (a->fired->frozen_ms <= a->now_ms)
        return ADMIT_START;
    print_window(a->fired->frozen_ms - a->now_ms, left);
    SAY(a, "frozen for %s for another %s: the limit was reached", a->entity, left);
    return ADMIT_SKIP;
}

/* An event with an id of its own, such as a call, counts once per name and id. */
static enum admit check_own_id(struct asking *a)
{
    const struct event *event = a->firing->event;
    if (event == NULL || event->own_id[0] == '\0' || !a->fired->own_id_seen)
        return ADMIT_START;
    SAY(a, "it has fired for %s of \"%s\" before", event->name, event->own_id);
    return ADMIT_SKIP;
}

static enum admit check_once(struct asking *a)
{
    const struct fired *fired = a->fired;
    const struct rule *rule = a->rule;
    char window[48];
    bool again = false;
    switch (rule->once) {
    case ONCE_EVENT:
        break;
    case ONCE_ENTITY:
        again = fired->total > 0;
        SAY(a, "once-per entity: it has fired for %s before", a->entity);
        break;
    case ONCE_STAGE_VISIT:
        again = fired->total > 0 && fired->visit_ms == fired->stage_since_ms;
        SAY(a, "once-per stage visit: it has fired since %s entered its stage", a->entity);
        break;
    case ONCE_ENTITY_WINDOW:
        again = fired->last_ms > 0 && a->now_ms - fired->last_ms < rule->once_window_ms;
        print_window(rule->once_window_ms, window);
        SAY(a, "once-per entity per %s: it has fired for %s within that time", window, a->entity);
        break;
    }
    return again ? ADMIT_SKIP : ADMIT_START;
}

static enum admit check_limit(struct asking *a)
{
    char window[48];
    if (a->fired->recent < a->rule->limit)
        return ADMIT_START;
    print_window(a->rule->limit_window_ms, window);
    SAY(a, "limit reached: %d firings for %s in %s", a->rule->limit, a->entity, window);
    return ADMIT_FREEZE;
}

static const struct run *live_of_rule(const struct asking *a)
{
    for (size_t i = 0; i < a->live_count; i++)
        if (strcmp(a->live[i].rule, a->rule->name) == 0 && !run_is_timer(&a->live[i]))
            return &a->live[i];
    return NULL;
}

static enum admit check_mode(struct asking *a)
{
    const struct run *run = live_of_rule(a);
    if (run == NULL)
        return ADMIT_START;
    switch (a->rule->mode) {
    case MODE_PARALLEL:
    case MODE_QUEUE: /* the engine keeps it behind the live one */
        return ADMIT_START;
    case MODE_SINGLE:
        SAY(a, "mode single: run %" PRId64 " of this rule has not ended", run->id);
        return ADMIT_SKIP;
    case MODE_RESTART:
        SAY(a, "mode restart: it takes the place of run %" PRId64, run->id);
        return ADMIT_RESTART;
    }
    return ADMIT_START;
}

enum admit change_admit(const struct firing *firing, const struct change *change,
                        const struct run *live, size_t live_count, const struct fired *fired,
                        int64_t now_ms, char reason[REASON_SIZE])
{
    static enum admit (*const checks[])(struct asking *) = {check_chain, check_frozen, check_own_id,
                                                            check_once,  check_limit,  check_mode};
    struct asking asking = {
        .rule = firing->rule,
        .firing = firing,
        .change = change,
        .live = live,
        .live_count = live_count,
        .fired = fired,
        .now_ms = now_ms,
        .reason = reason,
    };
    entity_print(&change->entity, asking.entity);
    for (size_t i = 0; i < sizeof checks / sizeof checks[0]; i++) {
        enum admit admit = checks[i](&asking);
        if (admit != ADMIT_START)
            return admit;
    }
    reason[0] = '\0';
    return ADMIT_START;
}
