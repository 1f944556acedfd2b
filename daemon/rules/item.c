#include "daemon/rules/item.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/buf.h"
#include "common/jv.h"
#include "common/mem.h"
#include "common/scan.h"
#include "daemon/model/need.h"
#include "daemon/rules/binding.h"
#include "daemon/rules/multifield.h"

/* ---- what differs ---------------------------------------------------------------------------- */

static bool is_bare_date(const char *text)
{
    return strlen(text) == 10 && text[4] == '-' && text[7] == '-';
}

/* Dates come back with a time and the portal's offset (bitrix24.md §3.5): compared as moments, a
 * bare date by its day. */
static bool same_moment(const json_t *stored, const json_t *wanted, const struct zone *zone)
{
    const char *a = json_string_value(stored);
    const char *b = json_string_value(wanted);
    int64_t at = 0, want = 0;
    if (a == NULL || b == NULL || strlen(a) < 10)
        return false;
    if (is_bare_date(b))
        return strncmp(a, b, 10) == 0 && zone_parse_iso(zone, a, &at);
    return zone_parse_iso(zone, a, &at) && zone_parse_iso(zone, b, &want) && at == want;
}

static bool differs(const json_t *record, const char *name, const json_t *wanted,
                    const struct zone *zone)
{
    const json_t *stored = json_object_get(record, name);
    return !jv_same(stored, wanted) && !same_moment(stored, wanted, zone);
}

/* Is anything to be written? Brings `fields` into the shape of an update. A record that is not
 * `fresh` is not compared with. */
static bool shape_update(const json_t *record, bool fresh, json_t *fields, const struct zone *zone)
{
    bool any = false;
    const char *name;
    json_t *value;
    json_t *rows = multifield_update_new(record, json_object_get(fields, "fm"));
    if (rows != NULL)
        (void)json_object_set_new(fields, "fm", rows);
    else
        (void)json_object_del(fields, "fm");
    /* a stage of the funnel it is in already needs no categoryId */
    if (fresh &&
        jv_same(json_object_get(record, "categoryId"), json_object_get(fields, "categoryId")))
        (void)json_object_del(fields, "categoryId");
    json_object_foreach (fields, name, value) {
        any = any || !fresh || strcmp(name, "fm") == 0 || differs(record, name, value, zone);
    }
    return any;
}

/* "deal 351 is so already: assignedById = 6, stageId = C5:NEW". What does not fit is left out. */
static void note_same(struct plan *p, const struct entity *entity, json_t *fields)
{
    struct buf note BUF_AUTO;
    char name[ENTITY_ID_SIZE + 32];
    const char *field;
    json_t *value;
    bool first = true;
    entity_print(entity, name);
    buf_init(&note, sizeof p->note - 1);
    buf_printf(&note, "%s%s%s is so already", p->note, p->note[0] == '\0' ? "" : "; ", name);
    size_t fits = note.full ? 0 : note.size;
    json_object_foreach (fields, field, value) {
        buf_printf(&note, "%s%s = ", first ? ": " : ", ", field);
        jv_print(&note, value);
        fits = note.full ? fits : note.size;
        first = false;
    }
    if (fits > 0)
        (void)snprintf(p->note, sizeof p->note, "%.*s", (int)fits, note.data);
}

/* Has no step of this run written to it since it was fetched? */
static bool is_fresh(const struct plan *p, const struct entity *entity)
{
    char need[NEED_SIZE];
    const json_t *touched = json_object_get(p->run->vars, "touched");
    need_print_entity(entity->type, entity->id, need);
    return json_object_get(touched, need) == NULL && json_object_get(touched, "*") == NULL;
}

static enum planned fields_unneeded(json_t *fields, enum planned planned)
{
    json_decref(fields);
    return planned;
}

enum planned item_update(struct plan *p, int64_t n, const struct entity *entity, json_t *fields)
{
    const json_t *record = NULL;
    const struct entity_kind *kind = entity_kind_of(entity->type);
    if (kind == NULL || !kind->universal) {
        json_decref(fields);
        return plan_bad(p,
                        "update writes leads, deals, contacts, companies and items; use rest for "
                        "the others");
    }
    enum planned planned = plan_record(p, entity, &record);
    if (planned != PLAN_READY)
        return fields_unneeded(fields, planned);
    /* One that was sent stays planned, although the record may say meanwhile what we wrote. */
    bool any = shape_update(record, is_fresh(p, entity), fields, p->scope->env->zone);
    if (!any && plan_answer(p, n) == NULL) {
        note_same(p, entity, fields);
        return fields_unneeded(fields, PLAN_READY);
    }
    JV_AUTO *id = json_string(entity->id);
    (void)plan_rest(p, n, "crm.item.update",
                    json_pack("{s:i, s:I, s:o}", "entityTypeId", entity->type, "id",
                              (json_int_t)jv_int(id, "", 0), "fields", fields));
    return PLAN_READY;
}

/* ---- relatives ------------------------------------------------------------------------------- */

static void add_id(json_t *ids, const json_t *value)
{
    JV_AUTO *tree = json_pack("[O?]", value);
    int64_t id = jv_int(tree, "0", 0);
    if (id > 0)
        (void)json_array_append_new(ids, json_integer(id));
}

/* Where a record names its relatives; the first of the members that names one counts. Bindings to
 * elements of smart processes and to what they hang on are parentId{type} (bitrix24.md §3.5). */
static const struct relation {
    const char *word;
    int type;
    const char *members[2];
    const char *list; /* all of them; NULL */
} relations[] = {
    {"contact", ENTITY_CONTACT, {"contactId", "parentId3"}, NULL},
    {"contacts", ENTITY_CONTACT, {"contactId", "parentId3"}, "contactIds"},
    {"company", ENTITY_COMPANY, {"companyId", "parentId4"}, NULL},
    {"lead", ENTITY_LEAD, {"leadId", "parentId1"}, NULL},
    {"deal", ENTITY_DEAL, {"parentId2", "dealId"}, NULL},
    {"quote", ENTITY_QUOTE, {"quoteId", "parentId7"}, NULL},
};

static json_t *ids_of_new(const json_t *record, const char *const members[2], const char *list)
{
    size_t i;
    json_t *element;
    json_t *ids = json_array();
    if (list != NULL)
        json_array_foreach (json_object_get(record, list), i, element)
            add_id(ids, element);
    for (i = 0; i < 2 && json_array_size(ids) == 0; i++)
        add_id(ids, json_object_get(record, members[i]));
    return ids;
}

/* "item 147" → parentId147. */
static json_t *ids_of_item_new(const json_t *record, int type)
{
    char member[32];
    (void)snprintf(member, sizeof member, "parentId%d", type);
    return ids_of_new(record, (const char *const[]){member, member}, NULL);
}

/* A task has one list of all it is bound to; `contact` is the first of them. */
static json_t *ids_of_task_new(const json_t *task, int type, bool all)
{
    json_t *ids = binding_ids_new(task, type);
    while (!all && json_array_size(ids) > 1)
        (void)json_array_remove(ids, json_array_size(ids) - 1);
    return ids;
}

enum planned item_related(struct plan *p, const char *word, int *ret_type, json_t **ret_ids)
{
    const struct entity *own = NULL;
    const json_t *record = NULL;
    *ret_ids = NULL;
    enum planned planned = plan_own(p, &own);
    if (planned == PLAN_READY)
        planned = plan_record(p, own, &record);
    if (planned != PLAN_READY)
        return planned;
    bool task = own->type == ENTITY_TASK;
    if (strncmp(word, "item ", 5) == 0) {
        *ret_type = p->step->fields_of; /* the word may have its title */
        *ret_ids =
            task ? ids_of_task_new(record, *ret_type, false) : ids_of_item_new(record, *ret_type);
        return PLAN_READY;
    }
    for (size_t i = 0; i < sizeof relations / sizeof relations[0]; i++) {
        const struct relation *relation = &relations[i];
        if (strcmp(word, relation->word) != 0)
            continue;
        *ret_type = relation->type;
        *ret_ids = task ? ids_of_task_new(record, relation->type, relation->list != NULL)
                        : ids_of_new(record, relation->members, relation->list);
        return PLAN_READY;
    }
    return plan_bad(p,
                    "\"%s\" is no relation: contact, contacts, company, lead, deal, quote and "
                    "item are",
                    word);
}

/* ---- stages ---------------------------------------------------------------------------------- */

enum planned item_stage(struct plan *p, int entity_type, const char *text, char out_stage[96],
                        int64_t *ret_category)
{
    char *name = scan_bare_new(text, strlen(text));
    enum known known = scope_stage(p->scope, entity_type, name, out_stage, ret_category);
    mem_free(name);
    return plan_known(p, known, NULL);
}
