#include "sandbox/field.h"

#include <ctype.h>
#include <inttypes.h>
#include <string.h>
#include <strings.h>

#include "common/jv.h"
#include "common/mem.h"
#include "sandbox/state.h"

/* Types of crm.item.fields and of custom fields, and how their values are kept. */
static const struct {
    const char *type;
    enum value_kind kind;
} type_kinds[] = {
    {"integer", VALUE_INTEGER},    {"double", VALUE_REAL},
    {"boolean", VALUE_FLAG},       {"date", VALUE_DATE},
    {"datetime", VALUE_MOMENT},    {"user", VALUE_LINK},
    {"employee", VALUE_LINK},      {"crm_contact", VALUE_LINK},
    {"crm_company", VALUE_LINK},   {"crm_lead", VALUE_LINK},
    {"crm_deal", VALUE_LINK},      {"crm_category", VALUE_INTEGER},
    {"enumeration", VALUE_OPTION}, {"crm_multifield", VALUE_PHONES},
    {"crm_entity", VALUE_LINK},
};

static enum value_kind kind_of(const char *type)
{
    for (size_t i = 0; i < sizeof type_kinds / sizeof type_kinds[0]; i++)
        if (strcmp(type_kinds[i].type, type) == 0)
            return type_kinds[i].kind;
    return VALUE_TEXT;
}

static struct field *grow(struct field_set *set)
{
    set->fields = mem_grow(set->fields, set->count + 1, sizeof *set->fields);
    struct field *field = &set->fields[set->count++];
    *field = (struct field){0};
    return field;
}

static void add_builtin(struct field_set *set, const struct field_row *row)
{
    struct field *field = grow(set);
    field->camel = mem_strdup(row->camel);
    field->upper = mem_strdup(row->upper);
    field->classic = mem_strdup(row->classic);
    field->title = mem_strdup(row->title);
    field->type = row->type;
    /* The amount is the one double that the classic API prints with two digits (§3.5). */
    field->kind = strcmp(row->camel, "opportunity") == 0 ? VALUE_MONEY : kind_of(row->type);
    field->read_only = row->flags & FIELD_READ_ONLY;
    field->required = row->flags & FIELD_REQUIRED;
    field->multiple = row->flags & FIELD_MULTIPLE;
}

static void add_custom(struct field_set *set, const json_t *row)
{
    struct field *field = grow(set);
    const char *upper = jv_text(row, "FIELD_NAME", "");
    field->camel = field_camel_uf_new(upper);
    field->upper = mem_strdup(upper);
    field->classic = mem_strdup(upper);
    field->title = mem_strdup(jv_text(row, "EDIT_FORM_LABEL", upper));
    field->type = jv_text(row, "USER_TYPE_ID", "string");
    field->kind = kind_of(field->type);
    field->required = jv_flag(row, "MANDATORY");
    field->multiple = jv_flag(row, "MULTIPLE");
    field->custom = true;
    field->items = json_incref(jv_at(row, "LIST"));
}

/* Every smart process can be the parent of everything else (§3.5: parentId{N}). The field is
 * called as the process is (A/crm/universal/crm-item-fields). */
static void add_parent(struct field_set *set, const json_t *process)
{
    struct field *field = grow(set);
    int64_t type = jv_int(process, "entityTypeId", 0);
    field->camel = mem_printf("parentId%" PRId64, type);
    field->upper = mem_printf("PARENT_ID_%" PRId64, type);
    field->classic = mem_strdup(field->upper);
    field->title = mem_strdup(jv_text(process, "title", field->upper));
    field->type = "crm_entity";
    field->kind = VALUE_LINK;
}

static struct field_set build(struct sandbox *sb, const struct entity *entity)
{
    struct field_set set = {.type = entity->type};
    char uf_entity[32];
    const char *number;
    json_t *row;
    for (size_t i = 0; i < field_row_count; i++)
        if (field_rows[i].of & entity->kind->bit)
            add_builtin(&set, &field_rows[i]);
    entity_uf_entity(sb, entity, uf_entity);
    json_object_foreach (store_rows(&sb->store, "userfield"), number, row)
        if (strcmp(jv_text(row, "ENTITY_ID", ""), uf_entity) == 0)
            add_custom(&set, row);
    json_object_foreach (store_rows(&sb->store, "type"), number, row)
        if (jv_int(row, "entityTypeId", 0) != entity->type)
            add_parent(&set, row);
    return set;
}

const struct field_set *field_set_of(struct sandbox *sb, const struct entity *entity)
{
    struct field_cache *cache = &sb->fields;
    for (size_t i = 0; i < cache->count; i++)
        if (cache->sets[i].type == entity->type)
            return &cache->sets[i];
    cache->sets = mem_grow(cache->sets, cache->count + 1, sizeof *cache->sets);
    cache->sets[cache->count] = build(sb, entity);
    return &cache->sets[cache->count++];
}

static void set_done(struct field_set *set)
{
    for (size_t i = 0; i < set->count; i++) {
        mem_free(set->fields[i].camel);
        mem_free(set->fields[i].upper);
        mem_free(set->fields[i].classic);
        mem_free(set->fields[i].title);
        json_decref(set->fields[i].items);
    }
    mem_free(set->fields);
}

void field_cache_clear(struct field_cache *cache)
{
    for (size_t i = 0; i < cache->count; i++)
        set_done(&cache->sets[i]);
    mem_free(cache->sets);
    *cache = (struct field_cache){0};
}

const char *field_name(const struct field *field, bool original_uf)
{
    return field->custom && original_uf ? field->upper : field->camel;
}

const struct field *field_by_camel(const struct field_set *set, const char *name, bool original_uf)
{
    for (size_t i = 0; i < set->count; i++)
        if (strcmp(field_name(&set->fields[i], original_uf), name) == 0)
            return &set->fields[i];
    return NULL;
}

const struct field *field_by_classic(const struct field_set *set, const char *name)
{
    for (size_t i = 0; i < set->count; i++)
        if (set->fields[i].classic != NULL && strcmp(set->fields[i].classic, name) == 0)
            return &set->fields[i];
    return NULL;
}

static bool mixes_digits_and_letters(const char *name)
{
    bool letters = false, digits = false, mixed = false;
    for (; *name != '\0'; name++) {
        if (*name == '_')
            letters = digits = false;
        letters = letters || isalpha((unsigned char)*name);
        digits = digits || isdigit((unsigned char)*name);
        mixed = mixed || (letters && digits);
    }
    return mixed;
}

/* DIGIT as Digit; a number that ends the name as _17. */
static void add_word(struct buf *out, const char *word, size_t size)
{
    if (strchr("0123456789", *word) != NULL && word[size] == '\0')
        buf_char(out, '_');
    buf_add(out, word, size > 0 ? 1 : 0);
    for (size_t i = 1; i < size; i++)
        buf_char(out, (char)tolower(word[i]));
}

/* §3.5: UF_CRM_3_DIGIT → ufCrm3Digit, UF_CRM_3_1747309727 → ufCrm3_1747309727, and what would not
 * come back the same keeps its spelling: UF_CRM_3_DIGIT10 → ufCrm_3_DIGIT10. */
char *field_camel_uf_new(const char *upper)
{
    const char *rest = strncmp(upper, "UF_CRM_", 7) == 0 ? upper + 7 : upper;
    if (mixes_digits_and_letters(rest))
        return mem_printf("ufCrm_%s", rest);
    struct buf out BUF_AUTO;
    buf_init(&out, 256);
    buf_text(&out, "ufCrm");
    while (*rest != '\0') {
        size_t size = strcspn(rest, "_");
        add_word(&out, rest, size);
        rest += size + (rest[size] == '_');
    }
    return buf_take(&out);
}
