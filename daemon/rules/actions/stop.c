#include "daemon/rules/actions/actions.h"

#include "common/mem.h"
#include "daemon/rules/plan.h"

static const struct action_key keys[] = {{"reason", KEY_TEXT}};

static enum planned plan(struct plan *p)
{
    char *reason = NULL;
    enum planned planned = plan_optional(p, "reason", PLAN_TITLE_LETTERS, &reason);
    if (planned == PLAN_READY) {
        (void)err_set(&p->err, "%s", reason == NULL ? "stopped by the rule" : reason);
        planned = PLAN_STOP;
    }
    mem_free(reason);
    return planned;
}

const struct action action_stop = {
    .name = "stop",
    .target = TARGET_NONE,
    .keys = keys,
    .key_count = sizeof keys / sizeof keys[0],
    .plan = plan,
};
