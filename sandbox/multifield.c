#include "sandbox/multifield.h"

#include <stdlib.h>
#include <string.h>

#include "common/jv.h"
#include "common/mem.h"
#include "sandbox/state.h"

static const char *const kinds[] = {"PHONE", "EMAIL", "WEB", "IM"};

bool multifield_is_kind(const char *name)
{
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (strcmp(kinds[i], name) == 0)
            return true;
    return false;
}

/* One write to one row, under the names of the universal API. */
struct wish {
    int64_t id; /* 0: a new row */
    const char *kind, *value_type;
    char *value; /* owned; "" deletes, NULL leaves */
};

static void apply(struct sandbox *sb, json_t *fm, const struct wish *wish)
{
    json_t *row;
    size_t i;
    json_array_foreach (fm, i, row) {
        if (wish->id == 0 || jv_int(row, "id", 0) != wish->id)
            continue;
        if (wish->value != NULL && wish->value[0] == '\0') {
            json_array_remove(fm, i);
            return;
        }
        if (wish->value != NULL)
            json_object_set_new(row, "value", jv_string_new(wish->value));
        if (wish->value_type != NULL)
            json_object_set_new(row, "valueType", jv_string_new(wish->value_type));
        return;
    }
    if (wish->id != 0 || wish->value == NULL || wish->value[0] == '\0')
        return;
    const char *type = wish->value_type != NULL ? wish->value_type : "WORK";
    json_array_append_new(
        fm, json_pack("{sI ss ss ss}", "id", (json_int_t)store_next(&sb->store, "multifield"),
                      "valueType", type, "value", wish->value, "typeId", wish->kind));
}

static char *value_of(const json_t *given, const char *name)
{
    const json_t *value = json_object_get(given, name);
    return value == NULL ? NULL : jv_print_new(value);
}

json_t *multifield_apply_new(struct sandbox *sb, const json_t *fm, const json_t *given)
{
    json_t *out = json_is_array(fm) ? json_deep_copy(fm) : json_array(), *row;
    const char *key;
    size_t i;
    json_array_foreach (given, i, row) {
        struct wish wish = {0, jv_text(row, "typeId", NULL), jv_text(row, "valueType", NULL),
                            value_of(row, "value")};
        if (wish.kind != NULL && multifield_is_kind(wish.kind))
            apply(sb, out, &wish);
        mem_free(wish.value);
    }
    if (!json_is_object(given))
        return out;
    json_object_foreach (jv_loose(given), key, row) {
        struct wish wish = {strtoll(key, NULL, 10), jv_text(row, "typeId", NULL),
                            jv_text(row, "valueType", NULL), value_of(row, "value")};
        if (wish.kind != NULL && multifield_is_kind(wish.kind))
            apply(sb, out, &wish);
        mem_free(wish.value);
    }
    return out;
}

static void apply_classic(struct sandbox *sb, json_t *fm, const char *kind, const json_t *row)
{
    struct wish wish = {jv_int(row, "ID", 0), kind, jv_text(row, "VALUE_TYPE", NULL),
                        value_of(row, "VALUE")};
    if (jv_flag(row, "DELETE")) {
        mem_free(wish.value);
        wish.value = mem_strdup("");
    }
    apply(sb, fm, &wish);
    mem_free(wish.value);
}

json_t *multifield_apply_classic_new(struct sandbox *sb, const json_t *fm, const char *kind,
                                     const json_t *given)
{
    json_t *out = json_is_array(fm) ? json_deep_copy(fm) : json_array(), *row;
    size_t i;
    json_array_foreach (given, i, row)
        apply_classic(sb, out, kind, row);
    return out;
}

json_t *multifield_classic_new(const json_t *fm, const char *kind)
{
    json_t *out = json_array(), *row;
    size_t i;
    json_array_foreach (fm, i, row) {
        if (strcmp(jv_text(row, "typeId", ""), kind) != 0)
            continue;
        char *id = jv_print_new(json_object_get(row, "id"));
        json_array_append_new(out, json_pack("{ss ss ss ss}", "ID", id, "VALUE_TYPE",
                                             jv_text(row, "valueType", ""), "VALUE",
                                             jv_text(row, "value", ""), "TYPE_ID", kind));
        mem_free(id);
    }
    return out;
}

/* The first value of a kind, of a subtype when one is asked for; "" without. */
static const char *first(const json_t *fm, const char *kind, const char *value_type)
{
    json_t *row;
    size_t i;
    json_array_foreach (fm, i, row)
        if (strcmp(jv_text(row, "typeId", ""), kind) == 0 &&
            (value_type == NULL || strcmp(jv_text(row, "valueType", ""), value_type) == 0))
            return jv_text(row, "value", "");
    return "";
}

void multifield_aliases(json_t *row)
{
    static const struct {
        const char *member, *kind, *value_type;
    } aliases[] = {
        {"phone", "PHONE", NULL},           {"phoneWork", "PHONE", "WORK"},
        {"phoneMobile", "PHONE", "MOBILE"}, {"email", "EMAIL", NULL},
        {"emailWork", "EMAIL", "WORK"},     {"emailHome", "EMAIL", "HOME"},
    };
    const json_t *fm = json_object_get(row, "fm");
    if (fm == NULL)
        return;
    for (size_t i = 0; i < sizeof aliases / sizeof aliases[0]; i++)
        json_object_set_new(row, aliases[i].member,
                            json_string(first(fm, aliases[i].kind, aliases[i].value_type)));
    json_object_set_new(row, "hasPhone", json_string(*first(fm, "PHONE", NULL) ? "Y" : "N"));
    json_object_set_new(row, "hasEmail", json_string(*first(fm, "EMAIL", NULL) ? "Y" : "N"));
}
