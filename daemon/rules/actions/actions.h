#ifndef DAEMON_RULES_ACTIONS_ACTIONS_H
#define DAEMON_RULES_ACTIONS_ACTIONS_H

/* One descriptor for each file here; action.c lists them. */

#include "daemon/rules/action.h"

extern const struct action action_todo, action_task, action_close_task, action_notify, action_chat,
    action_comment, action_update, action_add, action_move, action_assign, action_workflow,
    action_trigger, action_rest, action_http, action_stop, action_document, action_mail,
    action_client_message;

#endif
