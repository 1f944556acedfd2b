#include "daemon/rules/judge.h"

#include <string.h>

#include "common/jv.h"
#include "common/mem.h"

struct scope judge_scope(const struct judging *j, const json_t *vars, json_t *trace)
{
    return (struct scope){
        .env = j->env,
        .entity_type = j->change->entity.type,
        .entity = j->change->entity,
        .facts = j->facts,
        .vars = vars,
        .needs = json_array(),
        .trace = trace,
    };
}

static void add_once(json_t *list, const char *text)
{
    for (size_t i = 0; i < json_array_size(list); i++)
        if (strcmp(json_string_value(json_array_get(list, i)), text) == 0)
            return;
    (void)json_array_append_new(list, jv_string_new(text));
}

void judge_freeze(struct judging *j, const struct rule *rule, const char *why)
{
    char *text = mem_printf("%s: %s", rule->name, why);
    add_once(j->ret->frozen, text);
    mem_free(text);
}

/* Puts away a scope; what it wanted to know is asked for only if `known` says that it matters. */
void judge_settle(struct judging *j, struct scope *scope, enum known known)
{
    if (known == KNOWN_NOT)
        for (size_t i = 0; i < json_array_size(scope->needs); i++)
            add_once(j->ret->needs, json_string_value(json_array_get(scope->needs, i)));
    json_decref(scope->needs);
}
