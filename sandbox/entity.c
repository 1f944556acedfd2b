#include "sandbox/entity.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/jv.h"
#include "sandbox/state.h"

#define BIZPROC "Bitrix\\Crm\\Integration\\BizProc\\Document\\"

/* bitrix24.md §8.1, document classes §1.7. */
static const struct entity_kind kinds[] = {
    {ENTITY_LEAD, OF_LEAD, "lead", "LEAD", "L", "Лид", "CCrmDocumentLead", "LEAD", "STATUS",
     "CRM_LEAD", false, false},
    {ENTITY_DEAL, OF_DEAL, "deal", "DEAL", "D", "Сделка", "CCrmDocumentDeal", "DEAL", "DEAL_STAGE",
     "CRM_DEAL", true, false},
    {ENTITY_CONTACT, OF_CONTACT, "contact", "CONTACT", "C", "Контакт", "CCrmDocumentContact",
     "CONTACT", NULL, "CRM_CONTACT", false, false},
    {ENTITY_COMPANY, OF_COMPANY, "company", "COMPANY", "CO", "Компания", "CCrmDocumentCompany",
     "COMPANY", NULL, "CRM_COMPANY", false, false},
    {ENTITY_QUOTE, OF_QUOTE, "quote", "QUOTE", "Q", "Предложение", BIZPROC "Quote", "QUOTE",
     "QUOTE_STATUS", "CRM_QUOTE", false, false},
    {ENTITY_INVOICE, OF_INVOICE, "smart_invoice", "SMART_INVOICE", "SI", "Счёт",
     BIZPROC "SmartInvoice", "DYNAMICITEM", "SMART_INVOICE_STAGE", "CRM_SMART_INVOICE", true, true},
    {ENTITY_FIRST_SMART, OF_SMART, "dynamic", "DYNAMIC", "T", "Элемент", BIZPROC "Dynamic",
     "DYNAMICITEM", "DYNAMIC", NULL, true, true},
};

enum { KINDS = sizeof kinds / sizeof kinds[0], SMART = KINDS - 1 };

static struct entity entity_of_kind(const struct entity_kind *kind, int64_t type)
{
    struct entity entity = {.kind = kind, .type = type};
    if (kind->type == ENTITY_FIRST_SMART) {
        (void)snprintf(entity.table, sizeof entity.table, "%s_%" PRId64, kind->name, type);
        (void)snprintf(entity.symbol, sizeof entity.symbol, "%s_%" PRId64, kind->symbol, type);
    } else {
        (void)snprintf(entity.table, sizeof entity.table, "%s", kind->name);
        (void)snprintf(entity.symbol, sizeof entity.symbol, "%s", kind->symbol);
    }
    return entity;
}

/* The text's tail as a number that is wholly one; 0 if it is not. */
static int64_t number(const char *text, int base)
{
    char *end;
    if (*text == '\0' || *text == '-' || *text == '+' || *text == ' ')
        return 0;
    long long value = strtoll(text, &end, base);
    return *end == '\0' && value > 0 ? value : 0;
}

static struct entity smart(struct sandbox *sb, const char *digits, int base)
{
    int64_t type = number(digits, base);
    return type >= ENTITY_FIRST_SMART ? entity_of_type(sb, type) : (struct entity){0};
}

struct entity entity_of_type(struct sandbox *sb, int64_t type)
{
    for (size_t i = 0; i < SMART; i++)
        if (kinds[i].type == type)
            return entity_of_kind(&kinds[i], type);
    /* Smart processes are known by their rows in the table of types. */
    if (type >= ENTITY_FIRST_SMART && store_get(&sb->store, "type", type) != NULL)
        return entity_of_kind(&kinds[SMART], type);
    return (struct entity){0};
}

struct entity entity_of_name(struct sandbox *sb, const char *name)
{
    for (size_t i = 0; i < SMART; i++)
        if (strcasecmp(kinds[i].name, name) == 0)
            return entity_of_kind(&kinds[i], kinds[i].type);
    if (strncasecmp(name, "dynamic_", 8) == 0)
        return smart(sb, name + 8, 10);
    return (struct entity){0};
}

struct entity entity_from_document(struct sandbox *sb, const char *document, int64_t *ret_id)
{
    const char *cut = strrchr(document, '_');
    char name[32];
    *ret_id = cut == NULL ? 0 : number(cut + 1, 10);
    if (*ret_id == 0 || (size_t)(cut - document) >= sizeof name)
        return (struct entity){0};
    memcpy(name, document, (size_t)(cut - document));
    name[cut - document] = '\0';
    return entity_of_name(sb, name);
}

struct entity entity_of_binding(struct sandbox *sb, const char *binding, int64_t *ret_id)
{
    const char *cut = strrchr(binding, '_');
    char code[32];
    *ret_id = cut == NULL ? 0 : number(cut + 1, 10);
    if (*ret_id == 0 || (size_t)(cut - binding) >= sizeof code)
        return (struct entity){0};
    memcpy(code, binding, (size_t)(cut - binding));
    code[cut - binding] = '\0';
    for (size_t i = 0; i < SMART; i++)
        if (strcmp(kinds[i].code, code) == 0)
            return entity_of_kind(&kinds[i], kinds[i].type);
    return code[0] == 'T' ? smart(sb, code + 1, 16) : (struct entity){0};
}

void entity_directory(const struct entity *entity, int64_t category, char out[64])
{
    const struct entity_kind *kind = entity->kind;
    out[0] = '\0';
    if (kind->directory == NULL)
        return;
    if (kind->type == ENTITY_FIRST_SMART)
        (void)snprintf(out, 64, "DYNAMIC_%" PRId64 "_STAGE_%" PRId64, entity->type, category);
    else if (!kind->funnels || (kind->type == ENTITY_DEAL && category == 0))
        (void)snprintf(out, 64, "%s", kind->directory);
    else
        (void)snprintf(out, 64, "%s_%" PRId64, kind->directory, category);
}

void entity_uf_entity(struct sandbox *sb, const struct entity *entity, char out[32])
{
    if (entity->kind->uf_entity != NULL)
        (void)snprintf(out, 32, "%s", entity->kind->uf_entity);
    else
        (void)snprintf(out, 32, "CRM_%" PRId64,
                       jv_int(store_get(&sb->store, "type", entity->type), "id", 0));
}

const struct entity_kind *entity_kind_at(size_t index)
{
    return index < SMART ? &kinds[index] : NULL;
}
