#include "daemon/rules/actions/actions.h"

#include <inttypes.h>
#include <stdio.h>

#include "common/jv.h"
#include "common/mem.h"
#include "daemon/model/need.h"
#include "daemon/rules/item.h"

static const struct action_key keys[] = {
    {"text", KEY_BB, .required = true},
    {"from", KEY_USER},
};

static void check(const struct step *step, const struct rule *rule, struct diag *diag)
{
    const struct entity_kind *kind = entity_kind_of(rule->entity_type);
    if (kind != NULL && kind->type > ENTITY_COMPANY)
        (void)diag_add(diag, step->at,
                       "Bitrix24 binds chats with clients to leads, deals, contacts and companies, "
                       "not to \"%s\"",
                       kind->word);
    if (kind != NULL && kind->type < ENTITY_NONE)
        (void)diag_add(diag, step->at, "a %s has no client to write to", kind->word);
}

/* The newest open-line chat of that entity; 0 when it has none. */
static enum planned newest_chat(struct plan *p, const struct entity *entity, int64_t *ret)
{
    char need[NEED_SIZE], argument[ENTITY_ID_SIZE + 16];
    const json_t *ids = NULL, *id;
    size_t i;
    *ret = 0;
    (void)snprintf(argument, sizeof argument, "%d:%s", entity->type, entity->id);
    need_print(NEED_LINES, argument, need);
    enum planned planned = plan_known(p, scope_fact(p->scope, need, &ids), NULL);
    json_array_foreach (ids, i, id)
        if (json_integer_value(id) > *ret)
            *ret = json_integer_value(id);
    return planned;
}

/* Of the entity itself, else of a contact or the company of its. */
static enum planned find_chat(struct plan *p, struct entity *entity, int64_t *ret)
{
    static const char *const words[] = {"contacts", "company"};
    enum planned planned = newest_chat(p, entity, ret);
    bool alone = entity->type == ENTITY_CONTACT || entity->type == ENTITY_COMPANY;
    for (size_t k = 0; k < 2 && planned == PLAN_READY && *ret == 0 && !alone; k++) {
        JV_AUTO *ids = NULL;
        int type = ENTITY_NONE;
        planned = item_related(p, words[k], &type, &ids);
        for (size_t i = 0; i < json_array_size(ids) && planned == PLAN_READY && *ret == 0; i++) {
            *entity = (struct entity){.type = type};
            (void)snprintf(entity->id, sizeof entity->id, "%" PRId64,
                           jv_int(json_array_get(ids, i), "", 0));
            planned = newest_chat(p, entity, ret);
        }
    }
    return planned;
}

/* A message to a client leaves nothing that could be looked for: an unsure one is parked. */
static void write_to(struct plan *p, const struct entity *entity, int64_t chat, int64_t user,
                     const char *text)
{
    JV_AUTO *id = json_string(entity->id);
    (void)plan_rest(p, 0, "imopenlines.crm.message.add",
                    json_pack("{s:s, s:I, s:I, s:I, s:o}", "CRM_ENTITY_TYPE",
                              entity_kind_of(entity->type)->word, "CRM_ENTITY",
                              (json_int_t)jv_int(id, "", 0), "USER_ID", (json_int_t)user, "CHAT_ID",
                              (json_int_t)chat, "MESSAGE", jv_string_new(text)));
}

static enum planned plan(struct plan *p)
{
    char *text = NULL, name[ENTITY_ID_SIZE + 32];
    int64_t user = 0, chat = 0;
    const struct entity *own = NULL;
    enum planned planned = plan_own(p, &own);
    if (planned == PLAN_READY && (own->type <= ENTITY_NONE || own->type > ENTITY_COMPANY))
        planned = plan_bad(p, "only leads, deals, contacts and companies have chats with clients");
    if (planned != PLAN_READY)
        return planned;
    struct entity entity = *own;
    enum planned parts[] = {
        plan_filled(p, "text", PLAN_TEXT_LETTERS, &text),
        plan_responsible(p, "from", &user),
        find_chat(p, &entity, &chat),
    };
    planned = plan_all(parts, sizeof parts / sizeof parts[0]);
    entity_print(own, name);
    if (planned == PLAN_READY && chat == 0)
        planned = plan_bad(p, "%s has no open-line chat, nor has its contact or company", name);
    else if (planned == PLAN_READY && user == 0)
        planned = plan_bad(p, "nobody is responsible for %s, so nobody can write", name);
    else if (planned == PLAN_READY)
        write_to(p, &entity, chat, user, text);
    mem_free(text);
    return planned;
}

const struct action action_client_message = {
    .name = "client-message",
    .target = TARGET_NONE,
    .keys = keys,
    .key_count = sizeof keys / sizeof keys[0],
    .check = check,
    .plan = plan,
};
