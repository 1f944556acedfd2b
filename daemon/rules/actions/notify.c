#include "daemon/rules/actions/actions.h"

#include "common/jv.h"
#include "common/mem.h"
#include "daemon/rules/plan.h"

static const struct action_key keys[] = {
    {"to", KEY_USERS, .required = true},
    {"text", KEY_BB, .required = true},
};

/* One call a user. Nobody can look into another's notifications, but one that is sent again takes
 * the place of the first: by its TAG, which is new for each, and through a webhook with a
 * CLIENT_ID, which may be any name (bitrix24.md §8.8). */
static void notify(struct plan *p, int64_t user, const char *text)
{
    char mark[64];
    plan_mark(p, user, mark);
    (void)plan_rest(p, user, "im.notify.system.add",
                    json_pack("{s:I, s:o, s:o, s:s}", "USER_ID", (json_int_t)user, "MESSAGE",
                              jv_string_new(text), "TAG", json_sprintf("b24bridge.%s", mark),
                              "CLIENT_ID", "b24bridge"));
}

static enum planned plan(struct plan *p)
{
    char *text = NULL;
    JV_AUTO *users = NULL;
    size_t i;
    json_t *user;
    enum planned parts[] = {
        plan_users(p, "to", &users),
        plan_filled(p, "text", PLAN_TEXT_LETTERS, &text),
    };
    enum planned planned = plan_all(parts, sizeof parts / sizeof parts[0]);
    if (planned == PLAN_READY && json_array_size(users) == 0)
        planned = plan_bad(p, "to: nobody is named");
    if (planned == PLAN_READY)
        json_array_foreach (users, i, user)
            notify(p, json_integer_value(user), text);
    mem_free(text);
    return planned;
}

const struct action action_notify = {
    .name = "notify",
    .target = TARGET_NONE,
    .keys = keys,
    .key_count = sizeof keys / sizeof keys[0],
    .plan = plan,
};
