#include "daemon/engine/task.h"

#include "common/mem.h"
#include "daemon/engine/effects.h"
#include "daemon/engine/facts.h"
#include "daemon/engine/look.h"

void task_forget_look(struct task *task)
{
    look_free(task->look);
    task->look = NULL;
    for (int64_t i = 0; i < task->event_count; i++)
        event_done(&task->events[i]);
    mem_free(task->events);
    task->events = NULL;
    task->event_count = 0;
    for (int64_t i = 0; i < task->live_count; i++)
        run_done(&task->live[i]);
    mem_free(task->live);
    task->live = NULL;
    task->live_count = 0;
    snapshot_done(&task->snapshot);
    task->snapshot = (struct snapshot){0};
    task->seen = false;
    judgement_done(&task->judgement);
    task->judgement = (struct judgement){0};
    timer_plan_done(&task->timers);
    facts_forget_wants(task);
}

void task_forget_run(struct task *task)
{
    effects_forget(task);
    advance_done(&task->advance);
    task->advance = (struct advance){0};
    json_decref(task->answers);
    task->answers = NULL;
    json_decref(task->story);
    task->story = NULL;
    mem_free(task->turns);
    task->turns = NULL;
    task->turn_count = 0;
    task->run = NULL;
    task->woken = (struct woken){0};
}

void task_free(struct task *task)
{
    json_decref(task->facts_known);
    mem_free(task->scan);
    mem_free(task->giveback);
    mem_free(task);
}
