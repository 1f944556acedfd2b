#include "daemon/rules/action.h"

#include <string.h>

#include "daemon/rules/actions/actions.h"

static const struct action *const table[] = {
    &action_todo, &action_task,           &action_close_task, &action_notify,
    &action_chat, &action_comment,        &action_update,     &action_add,
    &action_move, &action_assign,         &action_trigger,    &action_rest,
    &action_http, &action_workflow,       &action_stop,       &action_document,
    &action_mail, &action_client_message,
};

enum { COUNT = sizeof table / sizeof table[0] };

const struct action *action_find(const char *name)
{
    for (size_t i = 0; i < COUNT; i++)
        if (strcmp(table[i]->name, name) == 0)
            return table[i];
    return NULL;
}

const struct action *const *actions(size_t *ret_count)
{
    *ret_count = COUNT;
    return table;
}

static bool key_is(const struct action_key *key, const char *name)
{
    size_t size = strlen(key->name);
    if (strcmp(key->name, "*") == 0)
        return true;
    if (key->name[size - 1] == '.') /* "values.": with a name behind it */
        return strncmp(name, key->name, size) == 0 && name[size] != '\0';
    return strcmp(key->name, name) == 0;
}

const struct action_key *action_key_find(const struct action *action, const char *name)
{
    for (size_t i = 0; i < action->key_count; i++)
        if (key_is(&action->keys[i], name))
            return &action->keys[i];
    return NULL;
}
