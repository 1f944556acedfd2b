#include "daemon/rules/signal.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/jv.h"
#include "common/mem.h"
#include "daemon/model/need.h"
#include "daemon/rules/scope.h"

enum {
    MOST_OWNERS = 30, /* an activity has up to 100 bindings (bitrix24.md §8.5) */
    /* An activity older than this that is saved again tells of no contact: it may long be forgotten
     * that it was told already. */
    STALE_MS = 7 * 24 * 3600 * 1000,
};

#define BIT(signal) (1u << (unsigned)(signal))

static const char *const words[SIGNAL_COUNT] = {
    [SIGNAL_CLIENT] = "client contacts",
    [SIGNAL_WE] = "we contact client",
    [SIGNAL_MISSED] = "call missed",
    [SIGNAL_ENDED] = "call ended",
};

const char *signal_word(enum signal signal)
{
    return words[signal];
}

bool signal_is_of_call(enum signal signal)
{
    return signal == SIGNAL_MISSED || signal == SIGNAL_ENDED;
}

bool signal_suits(int entity_type, enum signal signal)
{
    const struct entity_kind *kind = entity_kind_of(entity_type);
    if (entity_type == ENTITY_CALL)
        return signal_is_of_call(signal);
    return entity_type != ENTITY_NONE && kind != NULL && kind->universal;
}

/* ---- who listens ----------------------------------------------------------------------------- */

static void add_ear(struct signal_ears *ears, const struct trigger *trigger, int type)
{
    size_t i = 0;
    if (trigger->kind != TRIGGER_SIGNAL)
        return;
    unsigned bit = BIT(trigger->signal);
    while (i < ears->count && ears->list[i].type != type)
        i++;
    if (i == ears->count) {
        ears->list = mem_grow(ears->list, ++ears->count, sizeof *ears->list);
        ears->list[i] = (struct signal_ear){.type = type};
    }
    ears->list[i].bits |= bit;
    ears->all |= bit;
}

void signal_ears_build(const struct ruleset *set, struct signal_ears *ears)
{
    for (size_t i = 0; i < set->count; i++) {
        const struct rule *rule = &set->rules[i];
        if (rule->state == RULE_OFF)
            continue;
        for (size_t k = 0; k < rule->trigger_count; k++)
            add_ear(ears, &rule->triggers[k], rule->entity_type);
        for (size_t k = 0; k < rule->cancel_count; k++)
            add_ear(ears, &rule->cancels[k], rule->entity_type);
    }
}

static const char call_end[] = "ONVOXIMPLANTCALLEND";

bool signal_may_be(const struct signal_ears *ears, const char *event)
{
    if (strcasecmp(event, call_end) == 0)
        return ears->all != 0;
    bool contact = (ears->all & (BIT(SIGNAL_CLIENT) | BIT(SIGNAL_WE))) != 0;
    return contact && (strcasecmp(event, "ONCRMACTIVITYADD") == 0 ||
                       strcasecmp(event, "ONCRMACTIVITYUPDATE") == 0);
}

/* ---- what it says ---------------------------------------------------------------------------- */

/* One signal being judged. */
struct hearing {
    const struct signal_ears *ears;
    const struct rules_env *env;
    const json_t *data; /* of a call's end; NULL */
    struct scope scope; /* for facts and needs */
    struct signal_found *ret;
    unsigned bits;
    struct entity owners[MOST_OWNERS]; /* what the activity belongs to */
    size_t owner_count;
};

/* CALL_TYPE and CALL_FAILED_CODE (bitrix24.md §1.5, §8.12); an informational call is nobody's. */
static unsigned bits_of_call(const json_t *data)
{
    enum { OUTGOING = 1, INCOMING = 2, REDIRECTED = 3, CALLBACK = 4 };
    int64_t type = jv_int(data, "CALL_TYPE", 0);
    const char *code = jv_text(data, "CALL_FAILED_CODE", "");
    bool taken = code[0] != '\0' ? strcmp(code, "200") == 0 : jv_int(data, "CALL_DURATION", 0) > 0;
    if (type == INCOMING || type == REDIRECTED)
        return BIT(SIGNAL_CLIENT) | BIT(SIGNAL_ENDED) | (taken ? 0 : BIT(SIGNAL_MISSED));
    if (type == OUTGOING || type == CALLBACK)
        return BIT(SIGNAL_WE) | BIT(SIGNAL_ENDED);
    return BIT(SIGNAL_ENDED);
}

/* TYPE_ID, DIRECTION, COMPLETED, IS_INCOMING_CHANNEL (§8.5): a call or a letter has a direction;
 * what a channel brought (a chat, a form) says that it was brought. What we have only planned is no
 * contact yet. */
static unsigned bits_of_activity(const json_t *record)
{
    enum { CALL = 2, LETTER = 4, PROVIDED = 6, IN = 1, OUT = 2 };
    int64_t type = jv_int(record, "TYPE_ID", 0), direction = jv_int(record, "DIRECTION", 0);
    bool brought = strcmp(jv_text(record, "IS_INCOMING_CHANNEL", ""), "Y") == 0;
    bool done = strcmp(jv_text(record, "COMPLETED", ""), "Y") == 0;
    if (type != CALL && type != LETTER && type != PROVIDED)
        return 0;
    if (brought || direction == IN)
        return BIT(SIGNAL_CLIENT);
    return direction == OUT && done ? BIT(SIGNAL_WE) : 0;
}

static bool is_stale(const struct hearing *h, const json_t *record)
{
    static const char *const times[] = {"CREATED", "START_TIME", "END_TIME", "DEADLINE"};
    int64_t newest = 0, ms;
    for (size_t i = 0; i < sizeof times / sizeof times[0]; i++)
        if (zone_parse_iso(h->env->zone, jv_text(record, times[i], ""), &ms) && ms > newest)
            newest = ms;
    return newest > 0 && h->env->now_ms - newest > STALE_MS;
}

/* ---- whose it is ----------------------------------------------------------------------------- */

static bool same_number(const struct entity *a, int type, int64_t id)
{
    char text[ENTITY_ID_SIZE];
    (void)snprintf(text, sizeof text, "%" PRId64, id);
    return a->type == type && strcmp(a->id, text) == 0;
}

static void add_owner(struct hearing *h, int64_t type, int64_t id)
{
    if (type <= 0 || type > INT32_MAX || id <= 0 || h->owner_count == MOST_OWNERS)
        return;
    for (size_t i = 0; i < h->owner_count; i++)
        if (same_number(&h->owners[i], (int)type, id))
            return;
    struct entity *owner = &h->owners[h->owner_count++];
    *owner = (struct entity){.type = (int)type};
    (void)snprintf(owner->id, sizeof owner->id, "%" PRId64, id);
}

static void add_owners(struct hearing *h, const json_t *list, const char *type, const char *id)
{
    size_t i;
    const json_t *row;
    json_array_foreach (list, i, row)
        add_owner(h, jv_int(row, type, 0), jv_int(row, id, 0));
}

static void add_hearer(struct hearing *h, unsigned bits, const struct entity *entity)
{
    struct signal_found *ret = h->ret;
    for (int s = 0; s < SIGNAL_COUNT; s++) {
        bool known = (bits & BIT(s)) == 0 || ret->count >= SIGNAL_MOST_HEARERS;
        for (size_t i = 0; i < ret->count && !known; i++)
            known = ret->hearers[i].signal == (enum signal)s &&
                    entity_same(&ret->hearers[i].entity, entity);
        if (known)
            continue;
        ret->hearers = mem_grow(ret->hearers, ret->count + 1, sizeof *ret->hearers);
        ret->hearers[ret->count++] =
            (struct signal_hearer){.signal = (enum signal)s, .entity = *entity};
    }
}

static void add_hearers(struct hearing *h, unsigned bits, int type, const json_t *ids)
{
    size_t i;
    const json_t *id;
    json_array_foreach (ids, i, id) {
        struct entity entity = {.type = type};
        (void)snprintf(entity.id, sizeof entity.id, "%" PRId64, jv_int(id, "", 0));
        if (jv_int(id, "", 0) > 0)
            add_hearer(h, bits, &entity);
    }
}

/* The deals or leads at work of a contact or company. */
static void ask_open(struct hearing *h, unsigned bits, int type, const struct entity *owner)
{
    char argument[NEED_SIZE], need[NEED_SIZE];
    const json_t *ids;
    (void)snprintf(argument, sizeof argument, "%d:%d:%s", type, owner->type, owner->id);
    need_print(NEED_OPEN, argument, need);
    if (scope_fact(&h->scope, need, &ids) == KNOWN)
        add_hearers(h, bits, type, ids);
}

/* The contacts or companies that a record names. */
static void ask_relatives(struct hearing *h, unsigned bits, int type, const struct entity *owner)
{
    char need[NEED_SIZE];
    const json_t *record;
    bool company = type == ENTITY_COMPANY;
    need_print_entity(owner->type, owner->id, need);
    if (scope_fact(&h->scope, need, &record) != KNOWN)
        return;
    const json_t *one = json_object_get(record, company ? "companyId" : "contactId");
    JV_AUTO *first = one != NULL ? json_pack("[O]", one) : json_array();
    add_hearers(h, bits, type, first);
    add_hearers(h, bits, type, json_object_get(record, company ? "companyIds" : "contactIds"));
}

static bool is_person(int type)
{
    return type == ENTITY_CONTACT || type == ENTITY_COMPANY;
}

static bool is_ear_of(const struct signal_ear *ear, int type)
{
    return ear->type == type || (ear->type == ENTITY_ITEM && type >= ENTITY_ITEM);
}

/* An owner hears it itself; a contact or company lets its deals and leads at work hear it; what has
 * a contact or company lets those hear it, and a contact its company. */
static void spread(struct hearing *h, const struct signal_ear *ear, const struct entity *owner)
{
    unsigned bits = ear->bits & h->bits;
    if (bits == 0)
        return;
    if (is_ear_of(ear, owner->type))
        add_hearer(h, bits, owner);
    else if (is_person(owner->type) && (ear->type == ENTITY_DEAL || ear->type == ENTITY_LEAD))
        ask_open(h, bits, ear->type, owner);
    else if (is_person(ear->type) && owner->type != ENTITY_COMPANY &&
             signal_suits(owner->type, SIGNAL_CLIENT))
        ask_relatives(h, bits, ear->type, owner);
}

static void spread_all(struct hearing *h, const struct entity *source)
{
    for (size_t i = 0; i < h->ears->count; i++) {
        const struct signal_ear *ear = &h->ears->list[i];
        if (ear->type == ENTITY_CALL && source->type == ENTITY_CALL)
            add_hearer(h, ear->bits & h->bits, source);
        for (size_t k = 0; k < h->owner_count; k++)
            spread(h, ear, &h->owners[k]);
    }
}

/* ---- sources --------------------------------------------------------------------------------- */

/* What rules may want to read of an activity; the text of a letter may be of any size. */
static json_t *shown_new(const json_t *record)
{
    static const char *const members[] = {"ID",       "TYPE_ID",      "PROVIDER_ID",    "DIRECTION",
                                          "SUBJECT",  "CREATED",      "RESPONSIBLE_ID", "AUTHOR_ID",
                                          "OWNER_ID", "OWNER_TYPE_ID"};
    json_t *shown = json_object();
    for (size_t i = 0; i < sizeof members / sizeof members[0]; i++) {
        json_t *value = json_object_get(record, members[i]);
        if (value != NULL)
            (void)json_object_set(shown, members[i], value);
    }
    return shown;
}

static void take_cause(struct hearing *h, const json_t *record)
{
    if (strcmp(jv_text(record, "ORIGINATOR_ID", ""), "b24bridge") == 0)
        h->ret->cause_run = strtoll(jv_text(record, "ORIGIN_ID", ""), NULL, 10);
}

/* False: there is nothing to be passed on, or something is not known yet. */
static bool hear_activity(struct hearing *h, const char *id)
{
    char need[NEED_SIZE];
    const json_t *fact;
    need_print(NEED_ACTIVITY, id, need);
    (void)snprintf(h->ret->own_id, sizeof h->ret->own_id, "activity %.80s", id);
    if (scope_fact(&h->scope, need, &fact) != KNOWN)
        return false;
    const json_t *record = json_object_get(fact, "record");
    h->ret->blind = !json_is_object(record);
    if (h->ret->blind)
        return false;
    if (h->data == NULL)
        h->bits = is_stale(h, record) ? 0 : bits_of_activity(record);
    add_owner(h, jv_int(record, "OWNER_TYPE_ID", 0), jv_int(record, "OWNER_ID", 0));
    add_owners(h, json_object_get(record, "COMMUNICATIONS"), "ENTITY_TYPE_ID", "ENTITY_ID");
    add_owners(h, json_object_get(fact, "bindings"), "entityTypeId", "entityId");
    json_object_set_new(h->ret->data, "ACTIVITY", shown_new(record));
    take_cause(h, record);
    return true;
}

/* A call that left no activity is known by its phone; one that hides it is nobody's. */
static bool hear_phone(struct hearing *h, const char *phone)
{
    char need[NEED_SIZE];
    const json_t *owners;
    if (phone[0] == '\0')
        return true;
    need_print(NEED_OWNERS, phone, need);
    if (scope_fact(&h->scope, need, &owners) != KNOWN)
        return false;
    add_owners(h, owners, "type", "id");
    return true;
}

static bool hear_call(struct hearing *h, const char *call_id)
{
    char id[32];
    int64_t activity = jv_int(h->data, "CRM_ACTIVITY_ID", 0);
    h->bits = bits_of_call(h->data);
    json_object_update(h->ret->data, jv_loose(h->data));
    if ((h->bits & h->ears->all) == 0)
        return false;
    (void)snprintf(id, sizeof id, "%" PRId64, activity);
    if (activity > 0 && (hear_activity(h, id) || json_array_size(h->scope.needs) > 0))
        return json_array_size(h->scope.needs) == 0;
    (void)snprintf(h->ret->own_id, sizeof h->ret->own_id, "%s", call_id);
    return hear_phone(h, jv_text(h->data, "PHONE_NUMBER", ""));
}

/* The data of the call's end among the events; NULL. */
static const json_t *call_data(const struct change *change)
{
    for (size_t i = change->event_count; i-- > 0;)
        if (strcasecmp(change->events[i].name, call_end) == 0)
            return json_object_get(change->event_data[i], "data");
    return NULL;
}

static bool hear(struct hearing *h, const struct change *change)
{
    if (change->entity.type == ENTITY_CALL)
        return h->data != NULL && hear_call(h, change->entity.id);
    (void)json_object_set_new(h->ret->data, "FIELDS", json_pack("{s:s}", "ID", change->entity.id));
    return change->entity.type == ENTITY_ACTIVITY && hear_activity(h, change->entity.id);
}

static void say(struct hearing *h)
{
    char *out = h->ret->say;
    size_t used = 0, size = sizeof h->ret->say;
    for (int s = 0; s < SIGNAL_COUNT; s++)
        if ((h->bits & h->ears->all & BIT(s)) != 0)
            used +=
                (size_t)snprintf(out + used, size - used, "%s%s", used > 0 ? ", " : "", words[s]);
}

void signal_judge(const struct signal_ears *ears, const struct change *change, const json_t *facts,
                  const struct rules_env *env, struct signal_found *ret)
{
    *ret = (struct signal_found){.needs = json_array(), .data = json_object()};
    struct hearing h = {
        .ears = ears,
        .env = env,
        .data = change->entity.type == ENTITY_CALL ? call_data(change) : NULL,
        .scope = {.env = env, .entity = change->entity, .facts = facts, .needs = ret->needs},
        .ret = ret,
    };
    if (!hear(&h, change) || (h.bits & ears->all) == 0)
        return;
    spread_all(&h, &change->entity);
    say(&h);
}

void signal_found_done(struct signal_found *found)
{
    json_decref(found->needs);
    json_decref(found->data);
    mem_free(found->hearers);
    *found = (struct signal_found){0};
}
