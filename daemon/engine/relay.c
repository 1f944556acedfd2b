/* A contact signal on its way from the activity or call that shows it to the deals, leads, contacts
 * and companies whose rules wait for it: each gets an event of its own, in the same change that
 * settles the look, so that a signal is passed on whole or found again. */

#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "common/jv.h"
#include "common/mem.h"
#include "daemon/engine/facts.h"
#include "daemon/engine/look.h"
#include "daemon/rules/signal.h"

enum { ROUNDS_MOST = 8 };

/* A contact is told once: the end of a call and its activity are two events of it, and an activity
 * that is saved again is no new contact. What was told is kept under this name, which no rule can
 * have, with the calls, whose rows are pruned. */
static const char told_rule[] = "signal|told";

static bool concerns(const struct task *task, const struct look *look)
{
    const struct signal_ears *ears = task_rules(task)->ears;
    for (size_t i = 0; i < look->count; i++)
        if (look->events[i].source == EVENT_WEBHOOK && signal_may_be(ears, look->events[i].name))
            return true;
    return false;
}

enum task_turn relay_begin(struct task *task)
{
    struct look *look = task->look;
    task->stage = look_settle;
    if (!concerns(task, look))
        return TASK_GO;
    struct rules_env env;
    task_env(task, &env);
    signal_found_done(&look->found);
    signal_judge(task_rules(task)->ears, &look->change, task->facts_known, &env, &look->found);
    if (json_array_size(look->found.needs) > 0 && task->rounds++ < ROUNDS_MOST)
        return facts_fetch(task, look->found.needs, relay_begin, look_unfetched);
    return TASK_GO;
}

static struct entity told_entity(const struct look *look)
{
    struct entity entity = {.type = ENTITY_CALL};
    (void)snprintf(entity.id, sizeof entity.id, "%s", look->found.own_id);
    return entity;
}

static bool was_told(struct task *task, enum signal signal, bool *ret)
{
    const struct entity entity = told_entity(task->look);
    struct fired_row row = {0};
    struct err err = {0};
    bool read = store_read_fired(task->reader, task->portal->id, told_rule, &entity, INT64_MAX,
                                 signal_word(signal), &row, &err);
    *ret = row.own_id_seen;
    return read;
}

static void put_event(struct task *task, struct store_change *change,
                      const struct signal_hearer *hearer, char *body)
{
    const struct signal_found *found = &task->look->found;
    struct event event = {.id = store_next_id(task->engine->store),
                          .portal = task->portal->id,
                          .source = EVENT_INNER,
                          .entity = hearer->entity,
                          .priority = PRIORITY_URGENT,
                          .received_ms = clock_wall_ms(),
                          .cause_run = found->cause_run,
                          .body = body};
    (void)snprintf(event.name, sizeof event.name, "%s", signal_word(hearer->signal));
    (void)snprintf(event.own_id, sizeof event.own_id, "%s", found->own_id);
    store_put_event(change, &event);
}

static void trace_hearer(struct task *task, struct store_change *change,
                         const struct signal_hearer *hearer)
{
    char name[ENTITY_ID_SIZE + 32];
    entity_print(&hearer->entity, name);
    task_trace(task, change, NULL, task->look->events[task->look->count - 1].id, "signal", NULL,
               "%s: told to %s", signal_word(hearer->signal), name);
}

bool relay_put(struct task *task, struct store_change *change)
{
    const struct signal_found *found = &task->look->found;
    if (found->blind)
        task_trace(task, change, NULL, task->look->events[task->look->count - 1].id, "signal", NULL,
                   "the activity is gone or may not be read: whose it is nobody knows");
    if (found->say[0] == '\0')
        return true;
    bool told[SIGNAL_COUNT];
    for (int s = 0; s < SIGNAL_COUNT; s++)
        if (!was_told(task, (enum signal)s, &told[s]))
            return false;
    JV_AUTO *body = json_pack("{s:O}", "data", found->data);
    char *text = jv_dump_new(body);
    const struct entity entity = told_entity(task->look);
    unsigned news = 0;
    for (size_t i = 0; i < found->count; i++) {
        const struct signal_hearer *hearer = &found->hearers[i];
        if (told[hearer->signal])
            continue;
        put_event(task, change, hearer, text);
        trace_hearer(task, change, hearer);
        news |= 1u << hearer->signal;
    }
    for (int s = 0; s < SIGNAL_COUNT; s++)
        if ((news & 1u << s) != 0)
            store_put_fired(change, task->portal->id, told_rule, &entity, clock_wall_ms(), 0,
                            signal_word((enum signal)s));
    mem_free(text);
    if (found->count == 0)
        task_trace(task, change, NULL, task->look->events[task->look->count - 1].id, "signal", NULL,
                   "%s: nobody whom rules speak of", found->say);
    return true;
}
