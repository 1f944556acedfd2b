#include "daemon/rules/choice.h"

#include <stdio.h>

#include "common/jv.h"

bool choice_made(const struct scope *scope, const char *slot, int64_t *ret_id)
{
    const json_t *chosen = json_object_get(json_object_get(scope->vars, "chosen"), slot);
    const json_t *picked = json_object_get(scope->picks, slot);
    if (chosen == NULL && json_object_get(picked, "turn") == NULL)
        chosen = picked;
    if (chosen == NULL)
        return false;
    *ret_id = jv_int(chosen, "id", 0);
    return true;
}

static json_t *pick_new(int64_t id, const char *say)
{
    return json_pack("{s:I, s:o}", "id", (json_int_t)id, "say", jv_string_new(say));
}

void choice_make(struct scope *scope, const char *slot, int64_t id, const char *say)
{
    if (scope->picks != NULL)
        (void)json_object_set_new(scope->picks, slot, pick_new(id, say));
}

void choice_propose(struct scope *scope, const char *slot, int64_t id, const char *say,
                    const char *team, int64_t turn)
{
    if (scope->picks == NULL)
        return;
    json_t *pick = pick_new(id, say);
    (void)json_object_set_new(pick, "team", jv_string_new(team));
    (void)json_object_set_new(pick, "turn", json_integer(turn));
    (void)json_object_set_new(scope->picks, slot, pick);
}

bool choice_turn(const json_t *picks, struct turn *ret)
{
    const char *slot;
    json_t *pick;
    json_object_foreach (jv_loose(picks), slot, pick) {
        if (json_object_get(pick, "turn") == NULL)
            continue;
        *ret = (struct turn){.turn = jv_int(pick, "turn", 0), .user = jv_int(pick, "id", 0)};
        (void)snprintf(ret->team, sizeof ret->team, "%s", jv_text(pick, "team", ""));
        (void)snprintf(ret->slot, sizeof ret->slot, "%s", slot);
        (void)snprintf(ret->say, sizeof ret->say, "%s", jv_text(pick, "say", ""));
        return true;
    }
    return false;
}

static json_t *chosen_of(struct run *run)
{
    json_t *chosen = json_object_get(run->vars, "chosen");
    if (chosen == NULL) {
        chosen = json_object();
        (void)json_object_set_new(run->vars, "chosen", chosen);
    }
    return chosen;
}

void choice_take(struct run *run, const struct turn *turn)
{
    (void)json_object_set_new(chosen_of(run), turn->slot, pick_new(turn->user, turn->say));
}

void choice_keep(struct run *run, const json_t *picks)
{
    const char *slot;
    json_t *pick;
    json_object_foreach (jv_loose(picks), slot, pick)
        if (json_object_get(pick, "turn") == NULL)
            (void)json_object_set(chosen_of(run), slot, pick);
}

void choice_forget(struct run *run)
{
    (void)json_object_del(run->vars, "chosen");
}
