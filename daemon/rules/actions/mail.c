#include "daemon/rules/actions/actions.h"

#include <stdio.h>
#include <string.h>

#include "common/buf.h"
#include "common/jv.h"
#include "common/mem.h"
#include "daemon/model/need.h"
#include "daemon/rules/plan.h"

enum { MOST_ADDRESSES = 20, LETTER = 4, OUTGOING = 2, PLAIN_TEXT = 1 };

static const struct action_key keys[] = {
    {"to", KEY_TEXT, .required = true, .repeat = true},
    {"subject", KEY_TEXT, .required = true},
    {"text", KEY_TEXT, .required = true},
    {"from", KEY_TEXT},
};

static void check(const struct step *step, const struct rule *rule, struct diag *diag)
{
    const struct entity_kind *kind = entity_kind_of(rule->entity_type);
    if (kind != NULL && !kind->universal)
        (void)diag_add(diag, step->at, "a letter belongs to a CRM entity, not to a %s", kind->word);
}

/* One address and nothing else: what a client wrote into the field must not become a second one. */
static bool is_address(const char *text)
{
    const char *at = strchr(text, '@');
    return at != NULL && at != text && strchr(at + 1, '.') != NULL && strchr(at + 1, '@') == NULL &&
           strpbrk(text, " \t\r\n<>,;\"()") == NULL;
}

/* Whose mail it is: the contact of the deal, else its company, else the entity itself. */
static enum planned partner_of(struct plan *p, const struct entity *own, json_t **ret)
{
    static const struct {
        const char *field;
        int type;
    } places[] = {{"contactId", ENTITY_CONTACT}, {"companyId", ENTITY_COMPANY}};
    const json_t *record = NULL;
    JV_AUTO *own_id = json_string(own->id);
    int64_t id = jv_int(own_id, "", 0);
    int type = own->type;
    enum planned planned = plan_record(p, own, &record);
    if (planned != PLAN_READY)
        return planned;
    bool person = type == ENTITY_CONTACT || type == ENTITY_COMPANY || type == ENTITY_LEAD;
    for (size_t i = 0; i < sizeof places / sizeof places[0] && !person; i++) {
        int64_t one = jv_int(record, places[i].field, 0);
        if (one <= 0)
            continue;
        id = one;
        type = places[i].type;
        person = true;
    }
    *ret = json_pack("{s:I, s:i}", "ENTITY_ID", (json_int_t)id, "ENTITY_TYPE_ID", type);
    return PLAN_READY;
}

/* One line, one address: a list could grow by what stands in a field. */
static enum planned add_line(struct plan *p, const struct step_key *key, const json_t *partner,
                             json_t *rows)
{
    char *text = NULL;
    enum planned planned =
        plan_known(p, template_text_of(key->value, p->scope, INTO_PLAIN, &text), "to");
    if (planned == PLAN_READY) {
        size_t size = strlen(text);
        while (size > 0 && text[size - 1] == ' ')
            text[--size] = '\0';
        const char *address = text + strspn(text, " ");
        if (address[0] == '\0')
            planned = plan_bad(p, "to is empty");
        else if (!is_address(address))
            planned = plan_bad(p, "to: \"%s\" is not one e-mail address", address);
        json_t *row = json_copy((json_t *)(uintptr_t)partner);
        (void)json_object_set_new(row, "VALUE", jv_string_new(address));
        (void)json_array_append_new(rows, row);
    }
    mem_free(text);
    return planned;
}

static enum planned addresses(struct plan *p, const json_t *partner, json_t *rows)
{
    enum planned all = PLAN_READY;
    for (size_t i = 0; i < p->step->key_count && all != PLAN_BAD; i++) {
        const struct step_key *key = &p->step->keys[i];
        if (strcmp(key->name, "to") != 0 || key->value == NULL)
            continue;
        enum planned planned = add_line(p, key, partner, rows);
        if (planned != PLAN_READY)
            all = planned;
    }
    if (all == PLAN_READY && json_array_size(rows) > MOST_ADDRESSES)
        return plan_bad(p, "to: more than %d addresses", MOST_ADDRESSES);
    return all;
}

/* "Иван Петров <ivan@firm.ru>" of the responsible. Without an address of his the portal takes his
 * mailbox or the common one by itself. */
static enum planned sender_of(struct plan *p, int64_t user, char **ret)
{
    char need[NEED_SIZE], id[24];
    const json_t *fact = NULL;
    enum planned planned = plan_optional(p, "from", PLAN_TITLE_LETTERS, ret);
    if (planned != PLAN_READY || *ret != NULL || user <= 0)
        return planned;
    (void)snprintf(id, sizeof id, "%lld", (long long)user);
    need_print(NEED_USER, id, need);
    planned = plan_known(p, scope_fact(p->scope, need, &fact), "from");
    const char *address = jv_text(fact, "EMAIL", "");
    if (planned != PLAN_READY || !is_address(address))
        return planned;
    char *name = mem_printf("%s %s", jv_text(fact, "NAME", ""), jv_text(fact, "LAST_NAME", ""));
    bool plain = strpbrk(name, "<>\"\r\n,;") == NULL;
    *ret = plain ? mem_printf("%s <%s>", name, address) : mem_strdup(address);
    mem_free(name);
    return planned;
}

/* The portal sends by making an activity of exactly this type, direction and completion
 * (bitrix24.md §8.5). It bears our mark: then it is found again, and known as ours when the portal
 * reports it. */
static void send(struct plan *p, const struct entity *own, json_t *rows, const char *const texts[3],
                 int64_t responsible)
{
    char mark[64], now[26];
    JV_AUTO *id = json_string(own->id);
    plan_mark(p, 0, mark);
    zone_iso(p->scope->env->zone, p->scope->env->now_ms, now);
    json_t *settings = json_pack("{s:s}", "DISABLE_SENDING_MESSAGE_COPY", "Y");
    if (texts[2] != NULL)
        (void)json_object_set_new(settings, "MESSAGE_FROM", jv_string_new(texts[2]));
    json_t *fields = json_pack(
        "{s:i, s:I, s:i, s:i, s:s, s:I, s:o, s:o, s:i, s:s, s:s, s:O, s:o, s:s, s:s}",
        "OWNER_TYPE_ID", own->type, "OWNER_ID", (json_int_t)jv_int(id, "", 0), "TYPE_ID", LETTER,
        "DIRECTION", OUTGOING, "COMPLETED", "Y", "RESPONSIBLE_ID", (json_int_t)responsible,
        "SUBJECT", jv_string_new(texts[0]), "DESCRIPTION", jv_string_new(texts[1]),
        "DESCRIPTION_TYPE", PLAIN_TEXT, "START_TIME", now, "END_TIME", now, "COMMUNICATIONS", rows,
        "SETTINGS", settings, "ORIGINATOR_ID", "b24bridge", "ORIGIN_ID", mark);
    (void)plan_rest(p, 0, "crm.activity.add", json_pack("{s:o}", "fields", fields));
}

static enum planned plan(struct plan *p)
{
    char *subject = NULL, *text = NULL, *from = NULL;
    int64_t responsible = 0;
    JV_AUTO *partner = NULL;
    JV_AUTO *rows = json_array();
    const struct entity *own = NULL;
    enum planned planned = plan_own(p, &own);
    if (planned == PLAN_READY && own->type <= ENTITY_NONE)
        planned = plan_bad(p, "a letter belongs to a CRM entity");
    if (planned != PLAN_READY)
        return planned;
    enum planned parts[] = {
        plan_filled(p, "subject", PLAN_TITLE_LETTERS, &subject),
        plan_filled(p, "text", PLAN_TEXT_LETTERS, &text),
        partner_of(p, own, &partner),
        plan_responsible(p, "responsible", &responsible),
        sender_of(p, responsible, &from),
    };
    planned = plan_all(parts, sizeof parts / sizeof parts[0]);
    if (planned == PLAN_READY)
        planned = addresses(p, partner, rows);
    if (planned == PLAN_READY && responsible == 0)
        planned = plan_bad(p, "nobody is responsible for the entity, so nobody can send it");
    if (planned == PLAN_READY)
        send(p, own, rows, (const char *const[]){subject, text, from}, responsible);
    mem_free(subject);
    mem_free(text);
    mem_free(from);
    return planned;
}

const struct action action_mail = {
    .name = "mail",
    .target = TARGET_NONE,
    .keys = keys,
    .key_count = sizeof keys / sizeof keys[0],
    .check = check,
    .plan = plan,
};
