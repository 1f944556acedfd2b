#include "daemon/model/entity.h"

#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/buf.h"
#include "common/near.h"

enum { KIND_COUNT = 13 };

static const struct entity_kind kinds[KIND_COUNT] = {
    {.type = ENTITY_LEAD,
     .word = "lead",
     .event_stem = "ONCRMLEAD",
     .universal = true,
     .has_stages = true,
     .document = "LEAD",
     .document_class = "CCrmDocumentLead",
     .timeline = "lead",
     .short_code = "L",
     .directory = "STATUS",
     .card = "/crm/lead/details/{id}/"},
    {.type = ENTITY_DEAL,
     .word = "deal",
     .event_stem = "ONCRMDEAL",
     .universal = true,
     .has_stages = true,
     .has_funnels = true,
     .document = "DEAL",
     .document_class = "CCrmDocumentDeal",
     .timeline = "deal",
     .short_code = "D",
     .directory = "DEAL_STAGE",
     .card = "/crm/deal/details/{id}/"},
    {.type = ENTITY_CONTACT,
     .word = "contact",
     .event_stem = "ONCRMCONTACT",
     .universal = true,
     .document = "CONTACT",
     .document_class = "CCrmDocumentContact",
     .timeline = "contact",
     .short_code = "C",
     .card = "/crm/contact/details/{id}/"},
    {.type = ENTITY_COMPANY,
     .word = "company",
     .event_stem = "ONCRMCOMPANY",
     .universal = true,
     .document = "COMPANY",
     .document_class = "CCrmDocumentCompany",
     .timeline = "company",
     .short_code = "CO",
     .card = "/crm/company/details/{id}/"},
    {.type = ENTITY_QUOTE,
     .word = "quote",
     .event_stem = "ONCRMQUOTE",
     .universal = true,
     .has_stages = true,
     .document = "QUOTE",
     .document_class = "Bitrix\\Crm\\Integration\\BizProc\\Document\\Quote",
     .timeline = "quote",
     .short_code = "Q",
     .directory = "QUOTE_STATUS",
     .card = "/crm/type/{type}/details/{id}/"},
    {.type = ENTITY_INVOICE,
     .word = "invoice", /* its events are those of the smart processes (§1.5) */
     .universal = true,
     .has_stages = true,
     .has_funnels = true,
     .document = "SMART_INVOICE",
     .document_class = "Bitrix\\Crm\\Integration\\BizProc\\Document\\SmartInvoice",
     .timeline = "dynamic_{type}",
     .short_code = "SI",
     .directory = "SMART_INVOICE_STAGE",
     .card = "/crm/type/{type}/details/{id}/"},
    {.type = ENTITY_ITEM,
     .word = "item",
     .event_stem = "ONCRMDYNAMICITEM",
     .universal = true,
     .has_stages = true,
     .has_funnels = true,
     .document = "DYNAMIC_{type}",
     .document_class = "Bitrix\\Crm\\Integration\\BizProc\\Document\\Dynamic",
     .timeline = "dynamic_{type}",
     .short_code = "T{hex}",
     .directory = "DYNAMIC_{type}_STAGE",
     .card = "/crm/type/{type}/details/{id}/"},
    /* A task's link wants some user's page; it is the task that decides who may see it. */
    {.type = ENTITY_TASK,
     .word = "task",
     .event_stem = "ONTASK",
     .card = "/company/personal/user/0/tasks/task/view/{id}/"},
    {.type = ENTITY_ACTIVITY, .word = "activity", .event_stem = "ONCRMACTIVITY", .card = ""},
    {.type = ENTITY_CALL, .word = "call", .card = ""},
    {.type = ENTITY_COMMENT, .word = "comment", .event_stem = "ONCRMTIMELINECOMMENT", .card = ""},
    {.type = ENTITY_USER,
     .word = "user",
     .event_stem = "ONUSER",
     .card = "/company/personal/user/{id}/"},
    {.type = ENTITY_NONE, .word = "nothing", .card = ""},
};

/* Names that are not a stem and ADD, UPDATE, DELETE (§1.5, §1.6). */
static const struct {
    const char *name;
    int type;
    enum entity_happening happening;
} odd_events[] = {
    {"ONCRMDEALMOVETOCATEGORY", ENTITY_DEAL, HAPPENING_UPDATED},
    {"ONVOXIMPLANTCALLINIT", ENTITY_CALL, HAPPENING_ADDED},
    {"ONVOXIMPLANTCALLSTART", ENTITY_CALL, HAPPENING_UPDATED},
    {"ONVOXIMPLANTCALLEND", ENTITY_CALL, HAPPENING_UPDATED},
    {"ONEXTERNALCALLSTART", ENTITY_CALL, HAPPENING_ADDED},
    /* The task is FIELDS_AFTER[TASK_ID]; [ID] is the comment's, and 0 with the new card. */
    {"ONTASKCOMMENTADD", ENTITY_TASK, HAPPENING_OTHER},
    {"ONTASKCOMMENTUPDATE", ENTITY_TASK, HAPPENING_OTHER},
    {"ONTASKCOMMENTDELETE", ENTITY_TASK, HAPPENING_OTHER},
};

static const struct {
    const char *word;
    enum entity_happening happening;
} endings[] = {
    {"ADD", HAPPENING_ADDED},
    {"UPDATE", HAPPENING_UPDATED},
    {"DELETE", HAPPENING_DELETED},
};

/* A decimal number without sign and leading zeros; false for anything else. */
static bool read_number(const char *text, int64_t *ret)
{
    size_t digits = strspn(text, "0123456789");
    if (digits == 0 || digits > 19 || text[digits] != '\0' || text[0] == '0')
        return false;
    uint64_t value = strtoull(text, NULL, 10); /* 19 digits fit */
    if (value > INT64_MAX)
        return false;
    *ret = (int64_t)value;
    return true;
}

static bool read_type(const char *text, int *ret)
{
    int64_t number;
    if (!read_number(text, &number) || number > INT_MAX || entity_kind_of((int)number) == NULL)
        return false;
    *ret = (int)number;
    return true;
}

/* Writes `pattern` with {type}, {hex} and {id} filled in; false when it does not fit. */
static bool fill(char *out, size_t size, const char *pattern, const struct entity *entity)
{
    struct buf text BUF_AUTO;
    buf_init(&text, size - 1);
    while (*pattern != '\0') {
        size_t plain = strcspn(pattern, "{");
        buf_add(&text, pattern, plain);
        pattern += plain;
        if (strncmp(pattern, "{id}", 4) == 0)
            buf_text(&text, entity->id);
        else if (strncmp(pattern, "{type}", 6) == 0)
            buf_printf(&text, "%d", entity->type);
        else if (strncmp(pattern, "{hex}", 5) == 0)
            buf_printf(&text, "%x", (unsigned)entity->type);
        pattern += strcspn(pattern, "}");
        pattern += *pattern == '}';
    }
    (void)snprintf(out, size, "%s", text.data);
    return !text.full;
}

/* pattern_id, as documents and bindings are written. */
static bool fill_with_id(char *out, size_t size, const char *pattern, const struct entity *entity)
{
    if (pattern == NULL || !fill(out, size, pattern, entity))
        return false;
    size_t used = strlen(out);
    int written = snprintf(out + used, size - used, "_%s", entity->id);
    return used + (size_t)written < size;
}

static bool event_of_stem(const struct entity_kind *kind, const char *name, int *ret_type,
                          enum entity_happening *ret)
{
    size_t stem = strlen(kind->event_stem);
    if (strncasecmp(name, kind->event_stem, stem) != 0)
        return false;
    for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++) {
        size_t length = strlen(endings[i].word);
        const char *rest = name + stem + length;
        if (strncasecmp(name + stem, endings[i].word, length) != 0)
            continue;
        *ret_type = kind->type;
        *ret = endings[i].happening;
        if (*rest == '\0')
            return true;
        return kind->type == ENTITY_ITEM && *rest == '_' && read_type(rest + 1, ret_type);
    }
    return false;
}

/* What stands between the document's name and the last underscore: a type's number, or nothing. */
static bool read_middle(const char *from, const char *last, bool wanted, int *ret_type)
{
    char middle[16];
    if (last < from || (size_t)(last - from) >= sizeof middle)
        return false;
    if (!wanted)
        return last == from;
    memcpy(middle, from, (size_t)(last - from));
    middle[last - from] = '\0';
    return read_type(middle, ret_type);
}

const struct entity_kind *entity_kinds(size_t *ret_count)
{
    *ret_count = KIND_COUNT - 1; /* without ENTITY_NONE, which nobody may write */
    return kinds;
}

const struct entity_kind *entity_kind_of(int type)
{
    int row = type >= ENTITY_ITEM ? ENTITY_ITEM : type;
    for (size_t i = 0; i < KIND_COUNT - 1; i++)
        if (kinds[i].type == row)
            return &kinds[i];
    return NULL;
}

const struct entity_kind *entity_kind_by_word(const char *word)
{
    for (size_t i = 0; i < KIND_COUNT - 1; i++)
        if (strcmp(kinds[i].word, word) == 0)
            return &kinds[i];
    return NULL;
}

bool entity_of_event(const char *name, int *ret_type, enum entity_happening *ret)
{
    for (size_t i = 0; i < sizeof odd_events / sizeof odd_events[0]; i++) {
        if (strcasecmp(name, odd_events[i].name) == 0) {
            *ret_type = odd_events[i].type;
            *ret = odd_events[i].happening;
            return true;
        }
    }
    for (size_t i = 0; i < KIND_COUNT; i++)
        if (kinds[i].event_stem != NULL && event_of_stem(&kinds[i], name, ret_type, ret))
            return true;
    return false;
}

bool entity_of_document(const char *document_id, struct entity *ret)
{
    const char *last = strrchr(document_id, '_');
    if (last == NULL || !entity_id_is_number(last + 1))
        return false;
    for (size_t i = 0; i < KIND_COUNT - 1; i++) {
        const char *document = kinds[i].document;
        size_t fixed = document != NULL ? strcspn(document, "{") : 0;
        if (document == NULL || strncmp(document_id, document, fixed) != 0)
            continue;
        struct entity found = {.type = kinds[i].type};
        if (!read_middle(document_id + fixed, last, document[fixed] != '\0', &found.type))
            continue;
        (void)snprintf(found.id, sizeof found.id, "%s", last + 1);
        *ret = found;
        return true;
    }
    return false;
}

bool entity_print_document(const struct entity *entity, char out[ENTITY_ID_SIZE + 32])
{
    const struct entity_kind *kind = entity_kind_of(entity->type);
    return kind != NULL && fill_with_id(out, ENTITY_ID_SIZE + 32, kind->document, entity);
}

bool entity_print_binding(const struct entity *entity, char out[ENTITY_ID_SIZE + 32])
{
    const struct entity_kind *kind = entity_kind_of(entity->type);
    return kind != NULL && fill_with_id(out, ENTITY_ID_SIZE + 32, kind->short_code, entity);
}

/* "D", "T93": what stands before the underscore; 0 when it is no code of that kind. */
static long type_of_code(const struct entity_kind *kind, const char *code, const char *end)
{
    const char *own = kind->short_code;
    char *stop = NULL;
    size_t fixed = own != NULL ? strcspn(own, "{") : 0;
    if (own == NULL || strncmp(code, own, fixed) != 0)
        return 0;
    if (own[fixed] == '\0')
        return code + fixed == end ? kind->type : 0;
    long type = strtol(code + fixed, &stop, 16);
    return stop == end && type >= ENTITY_ITEM_FIRST && type <= INT32_MAX ? type : 0;
}

bool entity_read_binding(const char *binding, struct entity *ret)
{
    const char *cut = strrchr(binding, '_');
    long type = 0;
    if (cut == NULL || !entity_id_is_number(cut + 1))
        return false;
    for (size_t i = 0; i < KIND_COUNT && type == 0; i++)
        type = type_of_code(&kinds[i], binding, cut);
    *ret = (struct entity){.type = (int)type};
    (void)snprintf(ret->id, sizeof ret->id, "%s", cut + 1);
    return type > 0;
}

bool entity_print_timeline(const struct entity *entity, char out[48])
{
    const struct entity_kind *kind = entity_kind_of(entity->type);
    return kind != NULL && kind->timeline != NULL && fill(out, 48, kind->timeline, entity);
}

bool entity_print_card(const struct entity *entity, char out[ENTITY_ID_SIZE + 64])
{
    const struct entity_kind *kind = entity_kind_of(entity->type);
    out[0] = '\0';
    return kind != NULL && kind->card[0] != '\0' &&
           fill(out, ENTITY_ID_SIZE + 64, kind->card, entity);
}

bool entity_print_directory(int type, long long category, char out[64])
{
    const struct entity_kind *kind = entity_kind_of(type);
    const struct entity of = {.type = type};
    if (kind == NULL || kind->directory == NULL || !fill(out, 64, kind->directory, &of))
        return false;
    size_t used = strlen(out);
    if (kind->has_funnels && !(type == ENTITY_DEAL && category == 0))
        (void)snprintf(out + used, 64 - used, "_%lld", category);
    return true;
}

void entity_print(const struct entity *entity, char out[ENTITY_ID_SIZE + 32])
{
    const struct entity_kind *kind = entity_kind_of(entity->type);
    if (kind == NULL)
        (void)snprintf(out, ENTITY_ID_SIZE + 32, "nothing");
    else if (kind->type == ENTITY_ITEM)
        (void)snprintf(out, ENTITY_ID_SIZE + 32, "item %d %s", entity->type, entity->id);
    else
        (void)snprintf(out, ENTITY_ID_SIZE + 32, "%s %s", kind->word, entity->id);
}

static bool unknown_kind(const char *word, struct err *err)
{
    const char *words[KIND_COUNT - 1];
    for (size_t i = 0; i < KIND_COUNT - 1; i++)
        words[i] = kinds[i].word;
    const char *near = near_name(word, words, KIND_COUNT - 1);
    if (near != NULL)
        return err_set(err, "unknown entity \"%s\"; did you mean \"%s\"?", word, near);
    return err_set(err,
                   "unknown entity \"%s\"; known are lead, deal, contact, company, quote, "
                   "invoice, item, task, activity, call, comment, user",
                   word);
}

static bool parse_id(const struct entity_kind *kind, const char *text, struct entity *ret,
                     struct err *err)
{
    if (kind->type == ENTITY_CALL) {
        if (text[0] == '\0' || strlen(text) >= ENTITY_ID_SIZE)
            return err_set(err, "\"%.40s\" is no call id: 1 to %d bytes are", text,
                           ENTITY_ID_SIZE - 1);
    } else if (!entity_id_is_number(text)) {
        return err_set(err, "\"%.40s\" is no id of a %s: a number from 1 is", text, kind->word);
    }
    (void)snprintf(ret->id, sizeof ret->id, "%s", text);
    return true;
}

bool entity_parse(const char *const *words, size_t count, struct entity *ret, struct err *err)
{
    if (count == 0)
        return err_set(err, "an entity is missing: \"deal 123\", for example");
    const struct entity_kind *kind = entity_kind_by_word(words[0]);
    if (kind == NULL)
        return unknown_kind(words[0], err);
    struct entity found = {.type = kind->type};
    bool item = kind->type == ENTITY_ITEM;
    if (item && count != 3)
        return err_set(err, "an item is written as \"item TYPE ID\", for example \"item 147 22\"");
    if (!item && count != 2)
        return err_set(err, "an entity is written as \"%s ID\", for example \"%s 123\"", kind->word,
                       kind->word);
    if (item && (!read_type(words[1], &found.type) || found.type < ENTITY_ITEM_FIRST))
        return err_set(err, "\"%.40s\" is no smart process: a number from 128 is", words[1]);
    if (!parse_id(kind, words[count - 1], &found, err))
        return false;
    *ret = found;
    return true;
}

bool entity_same(const struct entity *a, const struct entity *b)
{
    return a->type == b->type && strcmp(a->id, b->id) == 0;
}

uint64_t entity_hash(int64_t portal, const struct entity *entity)
{
    uint64_t hash = (uint64_t)portal * 31 + (uint64_t)(int64_t)entity->type;
    for (const char *c = entity->id; *c != '\0'; c++)
        hash = hash * 31 + (unsigned char)*c;
    return hash ^ (hash >> 17);
}

bool entity_id_is_number(const char *id)
{
    int64_t number;
    return read_number(id, &number);
}
