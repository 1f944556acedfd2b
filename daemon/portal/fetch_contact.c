/* What a contact with a client is read from: the activity and what it is bound to, deals and leads
 * at work of a contact or company, whose a phone is, which open-line chats belong to an entity. */

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/jv.h"
#include "common/zone.h"
#include "daemon/model/entity.h"
#include "daemon/portal/fetch_parts.h"

/* 500 deals of one contact or company, asked for in two ways. */
enum { OPEN_ANSWERS_MOST = 20 };

/* ---- activity:ID (§8.5) ---------------------------------------------------------------------- */

/* COMMUNICATIONS come from the list only, and only when they are selected. */
size_t fetch_activity_calls(const char *argument, struct command ret[FETCH_MOST])
{
    size_t count = fetch_call(ret, 0, "crm.activity.list",
                              json_pack("{s:{s:o}, s:[s, s]}", "filter", "ID",
                                        fetch_id_new(argument), "select", "*", "COMMUNICATIONS"));
    return fetch_call(ret, count, "crm.activity.binding.list",
                      json_pack("{s:o}", "activityId", fetch_id_new(argument)));
}

/* Bindings that may not be read are none: owner and communications say the most of it. */
enum fetched fetch_activity_value(const struct fetch *fetch, json_t **ret_value,
                                  struct command *ret_more, struct err *err)
{
    (void)ret_more;
    if (fetch->answers[0].verdict != VERDICT_DONE && !fetch_says_absent(&fetch->answers[0]))
        return fetch_fail(&fetch->answers[0], err);
    const json_t *record = jv_at(fetch->answers[0].result, "0");
    const json_t *bindings = fetch->count > 1 ? fetch->answers[1].result : NULL;
    if (!json_is_object(record)) {
        *ret_value = json_null();
        return FETCHED;
    }
    *ret_value = json_pack("{s:o, s:o}", "record", json_deep_copy(record), "bindings",
                           json_is_array(bindings) ? json_deep_copy(bindings) : json_array());
    return FETCHED;
}

/* ---- open:TYPE:OWNER_TYPE:OWNER (§8.2) ------------------------------------------------------- */

/* "TYPE:OWNER_TYPE:OWNER" taken apart. */
struct open_list {
    int type, owner;
    const char *id;
};

static bool read_open(const char *argument, struct open_list *ret)
{
    const char *rest;
    return fetch_read_type(argument, &ret->type, &rest) &&
           fetch_read_type(rest, &ret->owner, &ret->id) && ret->id[0] != '\0';
}

/* A deal has one contact that counts and a list of all; which of the two a portal filters by is
 * asked of the portal: what either list finds is taken. Ends with NULL. */
static const char *const *open_fields(const struct open_list *list)
{
    static const char *const of_company[] = {"companyId", NULL};
    static const char *const of_contact[] = {"contactId", "contactIds", NULL};
    return list->owner == ENTITY_COMPANY ? of_company : of_contact;
}

/* The newest first; `below` 0: from the top. */
static json_t *open_params_new(const struct open_list *list, const char *field, int64_t below)
{
    json_t *params = json_pack("{s:i, s:[s], s:{s:o, s:s}, s:{s:s}}", "entityTypeId", list->type,
                               "select", "id", "filter", field, fetch_id_new(list->id),
                               "stageSemanticId", "P", "order", "id", "DESC");
    if (below > 0)
        (void)json_object_set_new(json_object_get(params, "filter"), "<id", json_integer(below));
    return params;
}

size_t fetch_open_calls(const char *argument, struct command ret[FETCH_MOST])
{
    struct open_list list;
    size_t count = 0;
    if (!read_open(argument, &list))
        return 0;
    for (const char *const *field = open_fields(&list); *field != NULL; field++)
        count = fetch_call(ret, count, "crm.item.list", open_params_new(&list, *field, 0));
    return count;
}

static void add_once(json_t *list, int64_t id)
{
    size_t i;
    const json_t *known;
    json_array_foreach (list, i, known)
        if (json_integer_value(known) == id)
            return;
    if (id > 0)
        (void)json_array_append_new(list, json_integer(id));
}

/* The id below which that page's list goes on, 0: it ends there. */
static int64_t goes_on_below(const struct answer *page)
{
    const json_t *items = json_object_get(page->result, "items");
    size_t size = json_array_size(items);
    return size < FETCH_PAGE ? 0 : jv_int(json_array_get(items, size - 1), "id", 0);
}

/* The lists' first pages come together; then one list after the other is read to its end, so that
 * each later answer belongs to the first list that had not ended before it. */
static const char *unended_list(const struct fetch *fetch, const struct open_list *list,
                                int64_t *ret_below)
{
    const char *const *fields = open_fields(list);
    size_t next = 0;
    while (fields[next] != NULL)
        next++;
    for (size_t k = 0; fields[k] != NULL && k < fetch->count; k++) {
        *ret_below = goes_on_below(&fetch->answers[k]);
        while (*ret_below > 0 && next < fetch->count)
            *ret_below = goes_on_below(&fetch->answers[next++]);
        if (*ret_below > 0)
            return fields[k];
    }
    return NULL;
}

/* The newest of them, as many as may hear one signal. */
enum fetched fetch_open_value(const struct fetch *fetch, json_t **ret_value,
                              struct command *ret_more, struct err *err)
{
    size_t done = 0, i;
    const json_t *item;
    struct open_list list;
    int64_t below = 0;
    if (!read_open(fetch->argument, &list) || fetch->count == 0) {
        (void)err_set(err, "\"%.60s\" names no list", fetch->argument);
        return FETCH_FAILED;
    }
    json_t *ids = json_array();
    for (size_t k = 0; k < fetch->count; k++) {
        done += fetch->answers[k].verdict == VERDICT_DONE;
        json_array_foreach (json_object_get(fetch->answers[k].result, "items"), i, item)
            add_once(ids, jv_int(item, "id", 0));
    }
    const char *field = unended_list(fetch, &list, &below);
    if (done == 0 || (field != NULL && fetch->count < OPEN_ANSWERS_MOST)) {
        json_decref(ids);
        if (done == 0)
            return fetch_fail(&fetch->answers[0], err);
        *ret_more = fetch_more_of("crm.item.list", open_params_new(&list, field, below));
        return FETCH_MORE;
    }
    *ret_value = ids;
    return FETCHED;
}

/* ---- owners:PHONE (§8.6) --------------------------------------------------------------------- */

size_t fetch_owners_calls(const char *argument, struct command ret[FETCH_MOST])
{
    return fetch_call(
        ret, 0, "crm.duplicate.findbycomm",
        json_pack("{s:s, s:[o]}", "type", "PHONE", "values", jv_string_new(argument)));
}

enum fetched fetch_owners_value(const struct fetch *fetch, json_t **ret_value,
                                struct command *ret_more, struct err *err)
{
    static const struct {
        const char *name;
        int type;
    } kinds[] = {{"LEAD", ENTITY_LEAD}, {"CONTACT", ENTITY_CONTACT}, {"COMPANY", ENTITY_COMPANY}};
    const struct answer *answer = &fetch->answers[0];
    size_t i;
    const json_t *id;
    (void)ret_more;
    if (answer->verdict != VERDICT_DONE)
        return fetch_fail(answer, err);
    json_t *owners = json_array();
    for (size_t k = 0; k < sizeof kinds / sizeof kinds[0]; k++)
        json_array_foreach (json_object_get(answer->result, kinds[k].name), i, id)
            (void)json_array_append_new(owners, json_pack("{s:i, s:I}", "type", kinds[k].type, "id",
                                                          (json_int_t)jv_int(id, "", 0)));
    *ret_value = owners;
    return FETCHED;
}

/* ---- lines:TYPE:ID (§8.8) -------------------------------------------------------------------- */

size_t fetch_lines_calls(const char *argument, struct command ret[FETCH_MOST])
{
    int type;
    const char *id;
    if (!fetch_read_type(argument, &type, &id) || id[0] == '\0' || type < ENTITY_LEAD ||
        type > ENTITY_COMPANY)
        return 0;
    return fetch_call(ret, 0, "imopenlines.crm.chat.get",
                      json_pack("{s:s, s:o, s:s}", "CRM_ENTITY_TYPE", entity_kind_of(type)->word,
                                "CRM_ENTITY", fetch_id_new(id), "ACTIVE_ONLY", "N"));
}

enum fetched fetch_lines_value(const struct fetch *fetch, json_t **ret_value,
                               struct command *ret_more, struct err *err)
{
    const struct answer *answer = &fetch->answers[0];
    size_t i;
    const json_t *chat;
    (void)ret_more;
    bool none = strcasecmp(answer->error, "CHAT_NOT_IN_CRM") == 0;
    if (answer->verdict != VERDICT_DONE && !none)
        return fetch_fail(answer, err);
    json_t *ids = json_array();
    json_array_foreach (answer->result, i, chat)
        add_once(ids, jv_int(chat, "CHAT_ID", 0));
    *ret_value = ids;
    return FETCHED;
}

/* ---- written:TYPE:ID (§8.8, A/imopenlines/openlines/sessions/imopenlines-session-history-get.md)
 */

enum { WRITTEN_CHATS = 3 }; /* the newest */

/* The n-th newest of the chats; 0: there are no more. */
static int64_t nth_chat(const struct answer *chats, size_t n)
{
    size_t count = json_array_size(chats->result);
    return n < count && n < WRITTEN_CHATS
               ? jv_int(json_array_get(chats->result, count - 1 - n), "CHAT_ID", 0)
               : 0;
}

static void keep_latest(json_t *written, const char *member, int64_t ms)
{
    if (ms > jv_int(written, member, 0))
        (void)json_object_set_new(written, member, json_integer(ms));
}

/* Clients come through a connector; the system is nobody, and a bot is none of us. */
static void read_messages(const json_t *history, const struct zone *utc, json_t *written)
{
    const char *number;
    json_t *message;
    json_object_foreach (json_object_get(jv_loose(history), "message"), number, message) {
        const char *sender = jv_text(message, "senderid", "0");
        const json_t *user = json_object_get(json_object_get(history, "users"), sender);
        int64_t ms;
        if (!json_is_object(user) || jv_flag(user, "bot") ||
            !zone_parse_iso(utc, jv_text(message, "date", ""), &ms))
            continue;
        keep_latest(written, jv_flag(user, "connector") ? "client_ms" : "we_ms", ms);
    }
}

/* Who may not read chats goes without: what events say is known all the same. */
enum fetched fetch_written_value(const struct fetch *fetch, json_t **ret_value,
                                 struct command *ret_more, struct err *err)
{
    int64_t chat = nth_chat(&fetch->answers[0], fetch->count - 1);
    if (fetch->answers[0].verdict == VERDICT_DONE && chat > 0) {
        *ret_more = fetch_more_of("imopenlines.session.history.get",
                                  json_pack("{s:I}", "CHAT_ID", (json_int_t)chat));
        return FETCH_MORE;
    }
    struct zone *utc = zone_load("UTC", err); /* always known */
    json_t *written = json_pack("{s:i, s:i}", "client_ms", 0, "we_ms", 0);
    for (size_t i = 1; i < fetch->count; i++)
        read_messages(fetch->answers[i].result, utc, written);
    zone_free(utc);
    *ret_value = written;
    return FETCHED;
}
