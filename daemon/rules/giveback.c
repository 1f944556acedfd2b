#include "daemon/rules/giveback.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/jv.h"
#include "common/mem.h"
#include "daemon/rules/choice.h"

/* Who is responsible, in the parameters of what makes or changes something (bitrix24.md §8.2, §8.5,
 * §8.7). */
static int64_t holder_of(const json_t *params)
{
    static const char *const places[] = {"fields.assignedById", "fields.RESPONSIBLE_ID",
                                         "responsibleId"};
    int64_t id = 0;
    for (size_t i = 0; i < sizeof places / sizeof places[0] && id == 0; i++)
        id = jv_int(params, places[i], 0);
    return id;
}

bool giveback_of(const struct command *command, const json_t *vars, struct given *ret)
{
    int64_t holder = command->write ? holder_of(command->params) : 0;
    const char *slot;
    json_t *chosen;
    json_object_foreach (json_object_get(jv_loose(vars), "chosen"), slot, chosen) {
        if (strncmp(slot, CHOICE_DEPUTY, strlen(CHOICE_DEPUTY)) != 0)
            continue;
        int64_t owner = strtoll(slot + strlen(CHOICE_DEPUTY), NULL, 10);
        if (owner == holder || jv_int(chosen, "id", 0) != holder || jv_flag(chosen, "keeps"))
            continue;
        *ret = (struct given){.owner = owner, .deputy = holder};
        return true;
    }
    return false;
}

/* Where the three kinds of things say who has them and that they are over (model/need.h). */
bool giveback_stands(const struct given *given, const json_t *record)
{
    enum { COMPLETED = 5 };
    if (given->what.type == ENTITY_TASK)
        return jv_int(record, "responsibleId", 0) == given->deputy &&
               jv_int(record, "status", 0) != COMPLETED;
    if (given->what.type == ENTITY_ACTIVITY)
        return jv_int(record, "RESPONSIBLE_ID", 0) == given->deputy &&
               strcmp(jv_text(record, "COMPLETED", "N"), "Y") != 0;
    const char *semantic = jv_text(record, "stageSemanticId", "P"); /* contacts have none */
    return jv_int(record, "assignedById", 0) == given->deputy &&
           (semantic[0] == '\0' || strcmp(semantic, "P") == 0);
}

void giveback_command(const struct given *given, struct command *ret)
{
    json_int_t owner = (json_int_t)given->owner, id = strtoll(given->what.id, NULL, 10);
    *ret = (struct command){.key = "back", .write = true};
    if (given->what.type == ENTITY_TASK) {
        ret->method = mem_strdup("tasks.task.update");
        ret->params = json_pack("{s:I, s:{s:I}}", "taskId", id, "fields", "RESPONSIBLE_ID", owner);
    } else if (given->what.type == ENTITY_ACTIVITY) {
        ret->method = mem_strdup("crm.activity.update");
        ret->params = json_pack("{s:I, s:{s:I}}", "id", id, "fields", "RESPONSIBLE_ID", owner);
    } else {
        ret->method = mem_strdup("crm.item.update");
        ret->params = json_pack("{s:i, s:I, s:{s:I}}", "entityTypeId", given->what.type, "id", id,
                                "fields", "assignedById", owner);
    }
}
