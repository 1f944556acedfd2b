#include "daemon/rules/binding.h"

#include "common/jv.h"
#include "daemon/model/entity.h"

json_t *binding_ids_new(const json_t *task, int type)
{
    json_t *ids = json_array(), *one;
    size_t i;
    json_array_foreach (json_object_get(task, "ufCrmTask"), i, one) {
        struct entity bound;
        if (!entity_read_binding(jv_text(one, "", ""), &bound) || bound.type != type)
            continue;
        JV_AUTO *id = json_string(bound.id);
        (void)json_array_append_new(ids, json_integer(jv_int(id, "", 0)));
    }
    return ids;
}
