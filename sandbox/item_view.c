#include <string.h>

#include "common/jv.h"
#include "sandbox/item.h"
#include "sandbox/multifield.h"
#include "sandbox/value.h"

static const char *const multifields[] = {"PHONE", "EMAIL", "WEB", "IM"};

static bool selects(const json_t *select, const char *name)
{
    json_t *one;
    size_t i;
    json_array_foreach (select, i, one)
        if (strcmp(jv_text(one, "", ""), name) == 0)
            return true;
    return false;
}

static bool wanted(const struct field *field, const char *name, enum item_view view,
                   const json_t *select)
{
    bool is_id = strcmp(field->camel, "id") == 0;
    if (jv_is_empty(select) || is_id || selects(select, name))
        return true;
    /* §3.6: the classic masks leave custom fields to UF_*, and multifields to their names. */
    if (view == ITEM_CLASSIC)
        return selects(select, field->custom ? "UF_*" : "*");
    return selects(select, "*");
}

const struct field *item_field(const struct field_set *set, const char *name, enum item_view view)
{
    return view == ITEM_CLASSIC ? field_by_classic(set, name)
                                : field_by_camel(set, name, view == ITEM_ORIGINAL_UF);
}

static void show_classic_multifields(json_t *out, const json_t *row, const json_t *select)
{
    const json_t *fm = json_object_get(row, "fm");
    for (size_t i = 0; fm != NULL && i < sizeof multifields / sizeof multifields[0]; i++) {
        json_t *values = multifield_classic_new(fm, multifields[i]);
        bool shown = select == NULL || selects(select, multifields[i]);
        if (shown && json_array_size(values) > 0)
            json_object_set(out, multifields[i], values);
        json_decref(values);
    }
}

json_t *item_view_new(const struct field_set *set, const json_t *row, enum item_view view,
                      const json_t *select)
{
    json_t *out = json_object();
    for (size_t i = 0; i < set->count; i++) {
        const struct field *field = &set->fields[i];
        const char *name =
            view == ITEM_CLASSIC ? field->classic : field_name(field, view == ITEM_ORIGINAL_UF);
        json_t *value = json_object_get(row, field->camel);
        if (name == NULL || value == NULL || !wanted(field, name, view, select))
            continue;
        if (field->kind == VALUE_PHONES && !jv_is_empty(select) && !selects(select, "*"))
            continue; /* §3.6: fm only with "*" */
        json_object_set_new(out, name,
                            view == ITEM_CLASSIC ? value_classic_new(field, value)
                                                 : json_deep_copy(value));
    }
    if (view == ITEM_CLASSIC)
        show_classic_multifields(out, row, select);
    return out;
}
