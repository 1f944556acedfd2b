#include "daemon/rules/fieldname.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/jv.h"
#include "common/mem.h"
#include "common/utf8.h"
#include "daemon/model/need.h"
#include "daemon/rules/candidates.h"

/* Built-in fields whose type the vocabulary has no word for (crm.item.fields, bitrix24.md §8.2). */
static const struct {
    const char *name, *type;
} built_in[] = {
    {"opportunity", "double"},  {"taxValue", "double"},
    {"revenue", "double"},      {"probability", "integer"},
    {"opened", "boolean"},      {"isManualOpportunity", "boolean"},
    {"isRecurring", "boolean"}, {"isReturnCustomer", "boolean"},
    {"closed", "boolean"},      {"begindate", "date"},
    {"closedate", "date"},      {"birthdate", "date"},
    {"actualDate", "date"},     {"title", "string"},
    {"name", "string"},         {"lastName", "string"},
    {"secondName", "string"},   {"comments", "text"},
};

const char *field_type_of(const struct field_info *info)
{
    const char *type = jv_text(info->spec, "type", "");
    for (size_t i = 0; type[0] == '\0' && i < sizeof built_in / sizeof built_in[0]; i++)
        if (strcmp(built_in[i].name, info->name) == 0)
            return built_in[i].type;
    return type;
}

/* crm_status fields and the directories of their values (§8.4). */
static const struct {
    int type; /* ENTITY_NONE: of every kind */
    const char *name, *directory;
} directories[] = {
    {ENTITY_NONE, "sourceId", "SOURCE"},        {ENTITY_DEAL, "typeId", "DEAL_TYPE"},
    {ENTITY_CONTACT, "typeId", "CONTACT_TYPE"}, {ENTITY_COMPANY, "typeId", "COMPANY_TYPE"},
    {ENTITY_COMPANY, "industry", "INDUSTRY"},   {ENTITY_COMPANY, "employees", "EMPLOYEES"},
    {ENTITY_NONE, "honorific", "HONORIFIC"},
};

const char *field_directory(const struct field_info *info)
{
    const char *told = jv_text(info->spec, "statusType", "");
    if (info->leads == FIELD_STAGE || strstr(told, "STAGE") != NULL)
        return NULL;
    if (told[0] != '\0')
        return told;
    for (size_t i = 0; i < sizeof directories / sizeof directories[0]; i++)
        if ((directories[i].type == ENTITY_NONE || directories[i].type == info->type) &&
            strcmp(directories[i].name, info->name) == 0)
            return directories[i].directory;
    return NULL;
}

static enum known fields_fact(struct scope *scope, int type, const json_t **ret)
{
    char argument[16], need[NEED_SIZE];
    (void)snprintf(argument, sizeof argument, "%d", type);
    need_print(NEED_FIELDS, argument, need);
    return scope_fact(scope, need, ret);
}

/* Where the types of crm.item.fields lead (bitrix24.md §3.5). */
static int leads_by_type(const char *type)
{
    static const struct {
        const char *type;
        int to;
    } rows[] = {
        {"user", ENTITY_USER},
        {"employee", ENTITY_USER},
        {"crm_contact", ENTITY_CONTACT},
        {"crm_company", ENTITY_COMPANY},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (strcmp(type, rows[i].type) == 0)
            return rows[i].to;
    return ENTITY_NONE;
}

static void fill_from_vocabulary(struct field_info *info, const struct field *field,
                                 const char *word)
{
    (void)snprintf(info->name, sizeof info->name, "%s", field->name);
    info->leads = field->leads;
    info->to = field_target(field->leads);
    info->many = field->leads == FIELD_TO_CONTACTS || field->leads == FIELD_PHONES ||
                 field->leads == FIELD_EMAILS;
    info->by_word = strcmp(word, field->word) == 0 && strcmp(word, field->name) != 0;
}

static void fill_from_spec(struct field_info *info, const char *name, const json_t *spec)
{
    const struct field *known = field_find(info->type, name);
    if (known != NULL)
        fill_from_vocabulary(info, known, name);
    (void)snprintf(info->name, sizeof info->name, "%s", name);
    info->spec = spec;
    info->many = info->many || jv_flag(spec, "isMultiple");
    if (info->to == ENTITY_NONE)
        info->to = leads_by_type(field_type_of(info));
}

/* Labels of one entry of `fields`: whatever the portal gave. */
static const char *label_of(const json_t *spec, size_t i)
{
    static const char *const members[] = {"title", "formLabel", "listLabel"};
    return i < sizeof members / sizeof members[0] ? jv_text(spec, members[i], "") : NULL;
}

static bool has_label(const json_t *spec, const char *label)
{
    for (size_t i = 0; label_of(spec, i) != NULL; i++)
        if (utf8_same(label_of(spec, i), label))
            return true;
    return false;
}

static const char *kind_word(int type)
{
    const struct entity_kind *kind = entity_kind_of(type);
    return kind != NULL ? kind->word : "entity";
}

static enum known unknown_label(struct scope *scope, int type, const json_t *fields,
                                const char *label)
{
    struct candidates labels = {0};
    const char *key;
    json_t *spec;
    json_object_foreach (jv_loose(fields), key, spec)
        for (size_t i = 0; label_of(spec, i) != NULL; i++)
            candidates_add(&labels, label_of(spec, i));
    return candidates_bad(scope, &labels, label, "no field of %s is called \"%s\"", kind_word(type),
                          label);
}

static enum known by_label(struct scope *scope, const char *label, struct field_info *info)
{
    const struct entity_kind *kind = entity_kind_of(info->type);
    if (kind == NULL || !kind->universal) {
        return scope_bad(scope, "fields of %s have no labels; write its name instead of \"%s\"",
                         kind_word(info->type), label);
    }
    const json_t *fields, *found = NULL;
    enum known known = fields_fact(scope, info->type, &fields);
    if (known != KNOWN)
        return known;
    const char *name = json_string_value(scope_pin(scope, "field", info->type, label)), *key;
    json_t *spec = name != NULL ? json_object_get(fields, name) : NULL;
    if (spec != NULL) {
        fill_from_spec(info, name, spec);
        info->by_word = true;
        return KNOWN;
    }
    json_object_foreach (jv_loose(fields), key, spec) {
        if (!has_label(spec, label))
            continue;
        if (found != NULL) {
            return scope_bad(
                scope, "two fields of %s are called \"%s\": %s and %s; write one of these names",
                kind_word(info->type), label, name, key);
        }
        name = key;
        found = spec;
    }
    if (found == NULL)
        return unknown_label(scope, info->type, fields, label);
    fill_from_spec(info, name, found);
    info->by_word = true;
    scope_pin_note(scope, "field", info->type, label, json_string(name));
    return KNOWN;
}

static enum known unknown_custom(struct scope *scope, int type, const json_t *fields,
                                 const char *word)
{
    struct candidates names = {0};
    const char *key;
    json_t *spec;
    bool upper = strncmp(word, "UF_", 3) == 0;
    json_object_foreach (jv_loose(fields), key, spec)
        if (strncmp(key, "uf", 2) == 0)
            candidates_add(&names, upper ? jv_text(spec, "upperName", "") : key);
    return candidates_bad(scope, &names, word, "%s has no field \"%s\"", kind_word(type), word);
}

/* ufCrm_… as it is, UF_CRM_… by upperName: the REST name cannot be computed (bitrix24.md §3.5). */
static enum known by_name_of_its_own(struct scope *scope, const char *word, struct field_info *info)
{
    const json_t *fields;
    enum known known = fields_fact(scope, info->type, &fields);
    if (known != KNOWN)
        return known;
    const char *key;
    json_t *spec;
    if (!json_is_object(fields) && strncmp(word, "UF_", 3) != 0) { /* not for our eyes */
        (void)snprintf(info->name, sizeof info->name, "%s", word);
        return KNOWN;
    }
    json_object_foreach (jv_loose(fields), key, spec) {
        if (strcmp(key, word) == 0 || strcmp(jv_text(spec, "upperName", ""), word) == 0) {
            fill_from_spec(info, key, spec);
            return KNOWN;
        }
    }
    return unknown_custom(scope, info->type, fields, word);
}

/* parentId147, PARENT_ID_147: the number of the smart process it leads to, 0 for other names. */
static int parent_type(const char *word)
{
    static const char *const stems[] = {"parentId", "PARENT_ID_"};
    for (size_t i = 0; i < sizeof stems / sizeof stems[0]; i++) {
        size_t length = strlen(stems[i]);
        if (strncmp(word, stems[i], length) != 0)
            continue;
        size_t digits = strspn(word + length, "0123456789");
        if (digits <= 6 && word[length + digits] == '\0')
            return (int)strtol(word + length, NULL, 10);
    }
    return 0;
}

static enum known by_custom_name(struct scope *scope, const char *word, struct field_info *info)
{
    const struct entity_kind *kind = entity_kind_of(info->type);
    int parent = parent_type(word);
    if (parent > 0) {
        (void)snprintf(info->name, sizeof info->name, "parentId%d", parent);
        info->to = parent;
        return KNOWN;
    }
    if (kind != NULL && kind->universal)
        return by_name_of_its_own(scope, word, info);
    (void)snprintf(info->name, sizeof info->name, "%s", word);
    return KNOWN;
}

enum known field_describe(struct scope *scope, int entity_type, const struct path_part *part,
                          struct field_info *ret)
{
    *ret = (struct field_info){.type = entity_type};
    if (part->quoted)
        return by_label(scope, part->text, ret);
    const struct field *field = field_find(entity_type, part->text);
    if (field != NULL) {
        fill_from_vocabulary(ret, field, part->text);
        return KNOWN;
    }
    if (field_is_custom(part->text))
        return by_custom_name(scope, part->text, ret);
    return scope_bad(scope, "unknown field \"%s\" of %s", part->text, kind_word(entity_type));
}

enum known scope_field_name(struct scope *scope, int entity_type, const struct path_part *part,
                            char out[96])
{
    struct field_info info;
    enum known known = field_describe(scope, entity_type, part, &info);
    if (known == KNOWN)
        memcpy(out, info.name, sizeof info.name);
    return known;
}

bool field_has_options(const struct field_info *info)
{
    return json_is_array(jv_at(info->spec, "items"));
}

static const json_t *option_find(const struct field_info *info, const char *member,
                                 const char *text)
{
    size_t i;
    json_t *option;
    json_array_foreach (jv_at(info->spec, "items"), i, option) {
        char id[32];
        (void)snprintf(id, sizeof id, "%" PRId64, jv_int(option, "ID", 0));
        const char *value = strcmp(member, "ID") == 0 ? id : jv_text(option, "VALUE", "");
        if (utf8_same(value, text))
            return option;
    }
    return NULL;
}

static json_t *option_text_new(const struct field_info *info, const json_t *id)
{
    char *text = jv_print_new(id);
    const json_t *option = option_find(info, "ID", text);
    mem_free(text);
    return option != NULL ? json_string(jv_text(option, "VALUE", "")) : json_deep_copy(id);
}

json_t *field_option_texts_new(const struct field_info *info, const json_t *ids)
{
    if (!json_is_array(ids))
        return option_text_new(info, ids);
    json_t *texts = json_array();
    size_t i;
    json_t *id;
    json_array_foreach (jv_loose(ids), i, id)
        (void)json_array_append_new(texts, option_text_new(info, id));
    return texts;
}

enum known field_learn(struct scope *scope, struct field_info *info)
{
    const json_t *fields;
    const struct entity_kind *kind = entity_kind_of(info->type);
    if (info->spec != NULL || info->name[0] == '\0' || kind == NULL || !kind->universal)
        return KNOWN;
    enum known known = fields_fact(scope, info->type, &fields);
    const json_t *spec = known == KNOWN ? json_object_get(fields, info->name) : NULL;
    if (spec == NULL)
        return known;
    info->spec = spec;
    info->many = info->many || jv_flag(spec, "isMultiple");
    if (info->to == ENTITY_NONE)
        info->to = leads_by_type(field_type_of(info));
    return KNOWN;
}

bool field_is_list(const struct field_info *info)
{
    return field_has_options(info) || field_directory(info) != NULL;
}

/* An id as the portal makes them: WEB, UC_KN8KFI, 3|FACEBOOK. */
static bool is_directory_id(const char *text)
{
    return text[0] != '\0' && text[strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_|-")] == '\0';
}

static const char *label_shown(const struct field_info *info)
{
    return jv_text(info->spec, "title", info->name);
}

static enum known two_values(struct scope *scope, const struct field_info *info, const char *text,
                             const char *one, const char *other)
{
    return scope_bad(scope, "\"%s\" has two values \"%s\": %s and %s; write the id",
                     label_shown(info), text, one, other);
}

static enum known no_value(struct scope *scope, const struct field_info *info, const char *text,
                           const json_t *rows, const char *name, const char *id)
{
    struct candidates values = {0};
    candidates_add_rows(&values, rows, is_directory_id(text) ? id : name);
    return candidates_bad(scope, &values, text, "\"%s\" has no value \"%s\"", label_shown(info),
                          text);
}

static enum known directory_id(struct scope *scope, const struct field_info *info, const char *text,
                               json_t **ret)
{
    char need[NEED_SIZE];
    const json_t *rows, *found = NULL;
    size_t i;
    json_t *row;
    need_print(NEED_DIRECTORY, field_directory(info), need);
    if (is_directory_id(text) && !scope_is_trial(scope) &&
        json_object_get(scope->facts, need) == NULL) {
        *ret = json_string(text);
        return KNOWN;
    }
    enum known known = scope_fact(scope, need, &rows);
    if (known != KNOWN)
        return known;
    json_array_foreach (jv_loose(rows), i, row) {
        bool by_id = strcmp(jv_text(row, "id", ""), text) == 0;
        if (!by_id && !utf8_same(jv_text(row, "name", ""), text))
            continue;
        if (found != NULL && !by_id)
            return two_values(scope, info, text, jv_text(found, "id", ""), jv_text(row, "id", ""));
        found = row;
    }
    if (found == NULL)
        return no_value(scope, info, text, rows, "name", "id");
    *ret = json_incref(json_object_get(found, "id"));
    return KNOWN;
}

static enum known item_id(struct scope *scope, const struct field_info *info, const char *text,
                          json_t **ret)
{
    const json_t *option = option_find(info, "VALUE", text), *items = jv_at(info->spec, "items");
    size_t i;
    json_t *item;
    json_array_foreach (jv_loose(items), i, item)
        if (option != NULL && item != option && utf8_same(jv_text(item, "VALUE", ""), text))
            return two_values(scope, info, text, jv_text(option, "ID", "?"),
                              jv_text(item, "ID", "?"));
    if (option == NULL)
        option = option_find(info, "ID", text);
    if (option == NULL)
        return no_value(scope, info, text, items, "VALUE", "VALUE");
    *ret = json_integer(jv_int(option, "ID", 0));
    return KNOWN;
}

enum known field_option_id(struct scope *scope, const struct field_info *info, const char *text,
                           json_t **ret)
{
    char *name = mem_printf("%s=%s", info->name, text);
    *ret = json_incref(jv_loose(scope_pin(scope, "option", info->type, name)));
    enum known known = KNOWN;
    if (*ret == NULL)
        known = field_has_options(info) ? item_id(scope, info, text, ret)
                                        : directory_id(scope, info, text, ret);
    if (known == KNOWN)
        scope_pin_note(scope, "option", info->type, name, json_incref(*ret));
    mem_free(name);
    return known;
}
