#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/jv.h"
#include "common/mem.h"
#include "sandbox/methods.h"
#include "sandbox/state.h"

/* bitrix24.md §8.8: notifications, chats, open lines. */

static char *param_text_new(const struct call *call, const char *name)
{
    return jv_print_new(call_param_any(call, name));
}

/* §8.8: TAG replaces an earlier notification of the same user, but through a webhook only when
 * CLIENT_ID says whose tag it is. */
static void replace_tagged(struct call *call, int64_t user, const char *tag, const char *client)
{
    const char *number;
    json_t *row;
    int64_t earlier = 0;
    if (*tag == '\0' || *client == '\0')
        return;
    json_object_foreach (store_rows(&call->sb->store, "notify"), number, row)
        if (jv_int(row, "USER_ID", 0) == user && strcmp(jv_text(row, "TAG", ""), tag) == 0 &&
            strcmp(jv_text(row, "CLIENT_ID", ""), client) == 0)
            earlier = jv_int(row, "ID", 0);
    if (earlier > 0)
        store_drop(&call->sb->store, "notify", earlier);
}

static void put_notify(struct call *call, int64_t user, const char *text)
{
    bool system = strstr(call->method->name, ".system.") != NULL;
    char *tag = param_text_new(call, "TAG"), *sub_tag = param_text_new(call, "SUB_TAG");
    char *client = param_text_new(call, "CLIENT_ID"), *out = param_text_new(call, "MESSAGE_OUT");
    replace_tagged(call, user, tag, client);
    int64_t id = store_next(&call->sb->store, "notify");
    store_put(&call->sb->store, "notify", id,
              json_pack("{sI sI sI ss ss ss ss ss ss so}", "ID", (json_int_t)id, "USER_ID",
                        (json_int_t)user, "FROM_USER_ID", (json_int_t)(system ? 0 : call->user),
                        "TYPE", system ? "system" : "personal", "MESSAGE", text, "MESSAGE_OUT", out,
                        "TAG", tag, "SUB_TAG", sub_tag, "CLIENT_ID", client, "DATE",
                        sandbox_now_new(call->sb)));
    call_answer(call, json_integer(id));
    mem_free(tag);
    mem_free(sub_tag);
    mem_free(client);
    mem_free(out);
}

void im_notify_add(struct call *call)
{
    int64_t user = call_id(call, "USER_ID");
    char *text = param_text_new(call, "MESSAGE");
    if (user <= 0)
        call_fail(call, 400, "USER_ID_EMPTY", "User ID can't be empty");
    else if (text[strspn(text, " \t\r\n")] == '\0')
        call_fail(call, 400, "MESSAGE_EMPTY", "Message can't be empty");
    else if (!methods_user_exists(call, user))
        call_answer(call, json_false()); /* "may return false" */
    else
        put_notify(call, user, text);
    mem_free(text);
}

/* DIALOG_ID is a user's number, chatNN, or sgNN of a group. */
static bool dialog_exists(struct call *call, const char *dialog)
{
    if (strncmp(dialog, "chat", 4) == 0)
        return store_get(&call->sb->store, "chat", strtoll(dialog + 4, NULL, 10)) != NULL ||
               call_fail(call, 400, "CHAT_ID", "Error creating message");
    if (strncmp(dialog, "sg", 2) == 0)
        return true;
    if (strtoll(dialog, NULL, 10) <= 0)
        return call_fail(call, 400, "USER_ID_EMPTY", "User ID can't be empty");
    return methods_user_exists(call, strtoll(dialog, NULL, 10)) ||
           call_fail(call, 400, "USER_NOT_FOUND", "User not found");
}

void im_message_add(struct call *call)
{
    char *dialog = param_text_new(call, "DIALOG_ID"), *text = param_text_new(call, "MESSAGE");
    if (*text == '\0' && call_param_any(call, "ATTACH") == NULL) {
        call_fail(call, 400, "MESSAGE_EMPTY", "Message can't be empty");
    } else if (dialog_exists(call, dialog)) {
        int64_t id = store_next(&call->sb->store, "message");
        store_put(&call->sb->store, "message", id,
                  json_pack("{sI ss ss sI so}", "ID", (json_int_t)id, "DIALOG_ID", dialog,
                            "MESSAGE", text, "AUTHOR_ID", (json_int_t)call->user, "DATE",
                            sandbox_now_new(call->sb)));
        call_answer(call, json_integer(id));
    }
    mem_free(dialog);
    mem_free(text);
}

static bool line_params(struct call *call)
{
    static const char *const names[] = {"CRM_ENTITY_TYPE", "CRM_ENTITY", "USER_ID", "CHAT_ID",
                                        "MESSAGE"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (jv_is_empty(call_param_any(call, names[i])))
            return call_fail(call, 400, "ERROR_ARGUMENT", "Argument '%s' is null or empty",
                             names[i]);
    return true;
}

static bool of_entity(const struct call *call, const json_t *chat)
{
    const char *type = jv_text(call_param_any(call, "CRM_ENTITY_TYPE"), "", "");
    return strcasecmp(jv_text(chat, "CRM_ENTITY_TYPE", ""), type) == 0 &&
           jv_int(chat, "CRM_ENTITY", 0) == call_id(call, "CRM_ENTITY");
}

void imopenlines_crm_message_add(struct call *call)
{
    if (!line_params(call))
        return;
    int64_t chat_id = call_id(call, "CHAT_ID"), user = call_id(call, "USER_ID"), one;
    const json_t *chat = store_get(&call->sb->store, "openline", chat_id), *member;
    size_t i;
    bool inside = false;
    json_array_foreach (json_object_get(chat, "USERS"), i, member) {
        one = jv_int(member, "", 0);
        inside = inside || one == user;
    }
    if (chat == NULL || !of_entity(call, chat)) {
        call_fail(call, 400, "CHAT_NOT_IN_CRM",
                  "Chat does not belong to the CRM entity being "
                  "checked");
        return;
    }
    if (!inside) {
        call_fail(call, 403, "CANCELED", "You cannot send messages to the specified chat");
        return;
    }
    char *text = param_text_new(call, "MESSAGE");
    int64_t id = store_next(&call->sb->store, "openline_message");
    store_put(&call->sb->store, "openline_message", id,
              json_pack("{sI sI sI ss so}", "ID", (json_int_t)id, "CHAT_ID", (json_int_t)chat_id,
                        "USER_ID", (json_int_t)user, "MESSAGE", text, "DATE",
                        sandbox_now_new(call->sb)));
    mem_free(text);
    call_answer(call, json_integer(id));
}

void imopenlines_crm_chat_get(struct call *call)
{
    json_t *out = json_array(), *chat;
    const char *number;
    json_object_foreach (store_rows(&call->sb->store, "openline"), number, chat)
        if (of_entity(call, chat))
            json_array_append_new(out, json_pack("{ss ss ss}", "CHAT_ID", number, "CONNECTOR_ID",
                                                 jv_text(chat, "CONNECTOR_ID", "livechat"),
                                                 "CONNECTOR_TITLE", "Онлайн-чат"));
    call_answer(call, out);
}

void imopenlines_crm_chat_last(struct call *call)
{
    int64_t last = 0;
    const char *number;
    json_t *chat;
    json_object_foreach (store_rows(&call->sb->store, "openline"), number, chat)
        if (of_entity(call, chat))
            last = strtoll(number, NULL, 10);
    if (last > 0)
        call_answer(call, json_integer(last));
    else
        call_fail(call, 400, "CHAT_NOT_IN_CRM", "Could not find the chat of the CRM entity");
}

/* Whoever is no user of the portal writes through the connector. */
static json_t *sender_new(const struct call *call, const char *id, int64_t user)
{
    bool ours = store_get(&call->sb->store, "user", user) != NULL;
    return json_pack("{ss sb sb}", "id", id, "connector", !ours, "bot", 0);
}

void imopenlines_session_history(struct call *call)
{
    int64_t chat = call_id(call, "CHAT_ID");
    const char *number;
    json_t *row;
    if (chat == 0 || store_get(&call->sb->store, "openline", chat) == NULL) {
        call_fail(call, 400, chat == 0 ? "MISSING_REQUIRED_PARAM" : "INVALID_SESSION_ID",
                  "Session ID or Chat ID must be provided");
        return;
    }
    json_t *messages = json_object(), *users = json_object();
    json_object_foreach (store_rows(&call->sb->store, "openline_message"), number, row) {
        char sender[24];
        int64_t user = jv_int(row, "USER_ID", 0);
        if (jv_int(row, "CHAT_ID", 0) != chat)
            continue;
        (void)snprintf(sender, sizeof sender, "%lld", (long long)user);
        (void)json_object_set_new(messages, number,
                                  json_pack("{ss ss ss ss}", "id", number, "senderid", sender,
                                            "date", jv_text(row, "DATE", ""), "text",
                                            jv_text(row, "MESSAGE", "")));
        (void)json_object_set_new(users, sender, sender_new(call, sender, user));
    }
    call_answer(call, json_pack("{sI sI so so}", "chatId", (json_int_t)chat, "sessionId",
                                (json_int_t)chat, "message", messages, "users", users));
}
