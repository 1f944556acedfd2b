#include "daemon/ingest/body.h"

#include <ctype.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "common/mem.h"
#include "common/number.h"
#include "common/percent.h"

bool body_decode(const char *bytes, size_t size, struct body *ret, struct err *err)
{
    static const char token[] = "auth[application_token]";
    *ret = (struct body){0};
    if (!form_pairs_read(&ret->form, bytes, size, err))
        return false;
    ret->token = form_pairs_value(&ret->form, token);
    ret->token_twice = form_pairs_times(&ret->form, token) > 1;
    ret->member = form_pairs_value(&ret->form, "auth[member_id]");
    return true;
}

void body_done(struct body *body)
{
    form_pairs_done(&body->form);
    *body = (struct body){0};
}

/* ---- formats 1 and 2 ------------------------------------------------------------------------- */

static bool take_name(const char *name, char out[EVENT_NAME_SIZE], struct err *err)
{
    size_t length = strlen(name);
    if (length == 0 || length >= EVENT_NAME_SIZE)
        return err_set(err, "event name of %zu bytes; 1 to %d are right", length,
                       EVENT_NAME_SIZE - 1);
    for (size_t i = 0; i <= length; i++) {
        unsigned char c = (unsigned char)name[i];
        if (c != '\0' && !(isalnum(c) || c == '_' || c == '.'))
            return err_set(err, "event name with a character other than A-Z 0-9 _ .");
        out[i] = (char)toupper(c); /* §10 no. 34: the documents mix the case */
    }
    return true;
}

/* Where the id stands (§1.5). A member may be the text "undefined". A task's comment speaks of the
 * task: its own id is 0 with the new task card. */
static const char *const id_places[] = {"data[FIELDS][ID]",
                                        "data[FIELDS_AFTER][ID]",
                                        "data[FIELDS_BEFORE][ID]",
                                        "data[ID]",
                                        "data[id]",
                                        "data[CALL_ID]",
                                        NULL};
static const char *const task_places[] = {"data[FIELDS_AFTER][TASK_ID]",
                                          "data[FIELDS_BEFORE][TASK_ID]", NULL};

static const char *find_id(const struct form_pairs *form, const char *event)
{
    static const char comment[] = "ONTASKCOMMENT";
    const char *const *places =
        strncmp(event, comment, sizeof comment - 1) == 0 ? task_places : id_places;
    for (size_t i = 0; places[i] != NULL; i++) {
        const char *id = form_pairs_value(form, places[i]);
        if (id != NULL && id[0] != '\0' && strcmp(id, "undefined") != 0)
            return id;
    }
    return NULL;
}

/* 0: none, or no whole number. */
static int64_t number_of(const struct form_pairs *form, const char *name)
{
    const char *text = form_pairs_value(form, name);
    int64_t number = 0;
    return text != NULL && number_int(text, &number) ? number : 0;
}

/* Events of smart processes leave their type to the data; so do smart invoices (§1.5). */
static int dynamic_type(const struct form_pairs *form)
{
    int64_t type = number_of(form, "data[FIELDS][ENTITY_TYPE_ID]");
    return type == ENTITY_INVOICE || (type >= ENTITY_ITEM_FIRST && type <= INT_MAX) ? (int)type
                                                                                    : ENTITY_NONE;
}

static bool take_entity(const struct form_pairs *form, struct event *event, struct err *err)
{
    int type;
    if (!entity_of_event(event->name, &type, &event->happening))
        return true; /* an event that belongs to nothing we follow: stored as it is */
    const char *id = find_id(form, event->name);
    if (type == ENTITY_ITEM)
        type = dynamic_type(form);
    if (id == NULL || type == ENTITY_NONE)
        return err_set(err, "no id in the data of %s", event->name);
    if (strlen(id) >= ENTITY_ID_SIZE || (type != ENTITY_CALL && !entity_id_is_number(id)))
        return err_set(err, "an id that is none in the data of %s", event->name);
    event->entity.type = type;
    (void)snprintf(event->entity.id, sizeof event->entity.id, "%s", id);
    if (type == ENTITY_CALL)
        (void)snprintf(event->own_id, sizeof event->own_id, "%s", id);
    return true;
}

/* What a person waits for (product.md §2.2, Runs): a client who has just written or called, and
 * what has just come to be. */
static const char *const urgent_names[] = {"ONVOXIMPLANT", "ONEXTERNALCALL", "ONCRMACTIVITYADD",
                                           "ONIM",         "ONOPENLINE",     "ONSESSION"};

static enum priority priority_of(const struct event *event)
{
    if (event->happening == HAPPENING_ADDED)
        return PRIORITY_URGENT;
    for (size_t i = 0; i < sizeof urgent_names / sizeof urgent_names[0]; i++)
        if (strncmp(event->name, urgent_names[i], strlen(urgent_names[i])) == 0)
            return PRIORITY_URGENT;
    return PRIORITY_NORMAL;
}

bool body_event(const struct form_pairs *form, struct event *ret, struct err *err)
{
    const char *name = form_pairs_value(form, "event");
    if (name == NULL)
        return err_set(err, "no event in the form");
    if (!take_name(name, ret->name, err) || !take_entity(form, ret, err))
        return false;
    ret->source = EVENT_WEBHOOK;
    ret->sent_s = number_of(form, "ts");
    ret->priority = priority_of(ret);
    return true;
}

/* ---- format 3 -------------------------------------------------------------------------------- */

/* The n-th part of the document's name; PHP reads names without an index in their order. */
static const char *document_part(const struct form_pairs *form, size_t n)
{
    static const char *const names[] = {"document_id[0]", "document_id[1]", "document_id[2]"};
    const char *value = form_pairs_value(form, names[n]);
    for (size_t i = 0; i < form->count && value == NULL; i++)
        if (strcmp(form->list[i].name, "document_id[]") == 0 && n-- == 0)
            value = form->list[i].value;
    return value;
}

bool body_robot(const struct form_pairs *form, const char *code, struct event *ret, struct err *err)
{
    const char *module = document_part(form, 0);
    const char *document = document_part(form, 2);
    if (module == NULL || document == NULL || form_pairs_have(form, "event") ||
        form_pairs_have(form, "event_token"))
        return err_set(err, "not the form of an \"Outgoing webhook\" robot");
    /* Lists and disk name their documents otherwise; they are events without an entity (§1.7). */
    if (strcmp(module, "crm") == 0 && !entity_of_document(document, &ret->entity))
        return err_set(err, "a document_id that names no entity");
    ret->source = EVENT_ROBOT;
    ret->priority = PRIORITY_URGENT;
    if (strlen(code) >= sizeof ret->name)
        return err_set(err, "a robot's code longer than %zu bytes", sizeof ret->name - 1);
    (void)snprintf(ret->name, sizeof ret->name, "%s", code);
    return true;
}

/* ---- secrets --------------------------------------------------------------------------------- */

static const char *const secret_names[] = {"application_token", "access_token", "refresh_token",
                                           "client_secret",     "event_token",  "AUTH_ID",
                                           "REFRESH_ID"};

static bool name_is_secret(const char *name, size_t size, const char *also)
{
    if (also != NULL && size == strlen(also) && memcmp(also, name, size) == 0)
        return true;
    for (size_t i = 0; i < sizeof secret_names / sizeof secret_names[0]; i++)
        if (strlen(secret_names[i]) == size && strncasecmp(name, secret_names[i], size) == 0)
            return true;
    return false;
}

/* Any of the names in a decoded key: "auth[application_token]", "access_token[0]". */
static bool key_is_secret(const char *key, const char *also)
{
    while (*key != '\0') {
        size_t size = strcspn(key, "[]");
        if (name_is_secret(key, size, also))
            return true;
        key += size;
        key += strspn(key, "[]");
    }
    return false;
}

static bool pair_is_secret(const char *pair, size_t size, const char *also)
{
    const char *equals = memchr(pair, '=', size);
    size_t length = equals != NULL ? (size_t)(equals - pair) : size;
    char key[FORM_MAX_KEY + 1];
    if (length >= sizeof key)
        return true; /* no key of ours is so long; better lost than leaked */
    memcpy(key, pair, length);
    struct err ignored = {0};
    if (!percent_decode(key, length, &length, &ignored))
        return true;
    key[length] = '\0';
    return key_is_secret(key, also);
}

char *body_without_secrets(const char *bytes, size_t size, const char *also)
{
    char *kept = mem_alloc(size + 1); /* it only gets shorter */
    size_t used = 0;
    for (const char *at = bytes, *end = bytes + size; at < end;) {
        const char *amp = memchr(at, '&', (size_t)(end - at));
        size_t length = amp != NULL ? (size_t)(amp - at) : (size_t)(end - at);
        if (length > 0 && !pair_is_secret(at, length, also)) {
            if (used > 0)
                kept[used++] = '&';
            memcpy(kept + used, at, length);
            used += length;
        }
        at += length + 1;
    }
    return kept;
}

char *body_parameter(const char *query, const char *name)
{
    struct form_pairs pairs;
    struct err ignored = {0};
    char *value = NULL;
    if (!form_pairs_read(&pairs, query, strlen(query), &ignored))
        return NULL;
    if (form_pairs_times(&pairs, name) == 1)
        value = mem_strdup(form_pairs_value(&pairs, name));
    form_pairs_done(&pairs);
    return value;
}
