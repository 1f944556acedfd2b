#include "daemon/rules/actions/actions.h"

#include "common/jv.h"
#include "common/mem.h"
#include "daemon/rules/plan.h"

static const struct action_key keys[] = {
    {"to", KEY_TEXT, .required = true},
    {"text", KEY_BB, .required = true},
};

/* A message leaves nothing that could be looked for safely: an unsure one is parked. */
static enum planned plan(struct plan *p)
{
    char *to = NULL, *text = NULL;
    enum planned parts[] = {
        plan_filled(p, "to", PLAN_TITLE_LETTERS, &to),
        plan_filled(p, "text", PLAN_TEXT_LETTERS, &text),
    };
    enum planned planned = plan_all(parts, sizeof parts / sizeof parts[0]);
    if (planned == PLAN_READY)
        (void)plan_rest(p, 0, "im.message.add",
                        json_pack("{s:o, s:o}", "DIALOG_ID", jv_string_new(to), "MESSAGE",
                                  jv_string_new(text)));
    mem_free(to);
    mem_free(text);
    return planned;
}

const struct action action_chat = {
    .name = "chat",
    .target = TARGET_NONE,
    .keys = keys,
    .key_count = sizeof keys / sizeof keys[0],
    .plan = plan,
};
