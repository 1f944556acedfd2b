#include "daemon/rules/actions/actions.h"

#include "daemon/rules/plan.h"

static const struct action_key keys[] = {{"task", KEY_NUMBER, .required = true}};

static enum planned plan(struct plan *p)
{
    int64_t id = -1;
    enum planned planned = plan_id(p, "task", &id);
    if (planned != PLAN_READY)
        return planned;
    if (id < 0)
        return plan_bad(p, "task is empty");
    (void)plan_rest(p, 0, "tasks.task.complete", json_pack("{s:I}", "taskId", (json_int_t)id));
    return PLAN_READY;
}

const struct action action_close_task = {
    .name = "close-task",
    .target = TARGET_NONE,
    .keys = keys,
    .key_count = sizeof keys / sizeof keys[0],
    .plan = plan,
};
