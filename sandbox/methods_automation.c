#include <inttypes.h>
#include <string.h>
#include <strings.h>

#include "common/jv.h"
#include "common/mem.h"
#include "sandbox/methods.h"
#include "sandbox/state.h"

/* bitrix24.md §8.6 and §8.9: duplicates, triggers, workflows, documents. */

/* Only the digits of a phone, letters of an e-mail without case: "exact normalised" (§9). */
static bool same_comm(bool phone, const char *a, const char *b)
{
    if (!phone)
        return strcasecmp(a, b) == 0;
    for (;;) {
        a += strcspn(a, "0123456789");
        b += strcspn(b, "0123456789");
        if (*a != *b || *a == '\0')
            return *a == *b;
        a++;
        b++;
    }
}

static bool has_comm(const json_t *row, const char *type, const json_t *values)
{
    const json_t *one, *value;
    size_t i, k;
    json_array_foreach (json_object_get(row, "fm"), i, one) {
        if (strcmp(jv_text(one, "typeId", ""), type) != 0)
            continue;
        json_array_foreach (values, k, value)
            if (same_comm(type[0] == 'P', jv_text(one, "value", ""), jv_text(value, "", "")))
                return true;
    }
    return false;
}

static bool read_comm(struct call *call, const char *type, const json_t *values)
{
    enum { MOST_VALUES = 20 };
    const char *code = type[0] == '\0' ? "Communication type is not defined"
                                       : "Communication values is not defined";
    if (type[0] == '\0')
        return call_fail(call, 400, code, "Parameter 'type' is required.");
    if (strcmp(type, "PHONE") != 0 && strcmp(type, "EMAIL") != 0)
        return call_fail(call, 400, "",
                         "Communication type '%s' is not supported in current "
                         "context",
                         type);
    if (json_array_size(values) == 0 || json_array_size(values) > MOST_VALUES)
        return call_fail(call, 400, code, "Parameter 'values' is required.");
    return true;
}

void crm_duplicate_findbycomm(struct call *call)
{
    static const char *const names[] = {"LEAD", "CONTACT", "COMPANY"};
    const char *type = jv_text(call_param_any(call, "type"), "", "");
    const char *only = jv_text(call_param_any(call, "entity_type"), "", "");
    const json_t *values = call_param_any(call, "values");
    json_t *out = json_object(), *row;
    const char *number;
    if (!read_comm(call, type, values)) {
        json_decref(out);
        return;
    }
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (*only != '\0' && strcasecmp(only, names[i]) != 0)
            continue;
        json_t *ids = json_array();
        struct entity entity = entity_of_name(call->sb, names[i]);
        json_object_foreach (store_rows(&call->sb->store, entity.table), number, row)
            if (has_comm(row, type, values))
                json_array_append(ids, json_object_get(row, "id"));
        if (json_array_size(ids) > 0)
            json_object_set(out, names[i], ids);
        json_decref(ids);
    }
    call_answer(call, out); /* nothing found is [] */
}

void crm_automation_trigger(struct call *call)
{
    const char *target = jv_text(call_param_any(call, "target"), "", "");
    const char *code = jv_text(call_param_any(call, "code"), "", "");
    int64_t id;
    struct entity entity = entity_from_document(call->sb, target, &id);
    if (*target == '\0') {
        call_fail_classic(call, "Target is not set.");
    } else if (id == 0) {
        call_fail_classic(call, "Incorrect target format.");
    } else if (entity.kind == NULL || store_get(&call->sb->store, entity.table, id) == NULL) {
        call_fail_classic(call, "Target is not found.");
    } else {
        int64_t row = store_next(&call->sb->store, "trigger");
        store_put(&call->sb->store, "trigger", row,
                  json_pack("{sI ss ss so}", "ID", (json_int_t)row, "TARGET", target, "CODE", code,
                            "DATE", sandbox_now_new(call->sb)));
        call_answer(call, json_true());
    }
}

/* ["crm","CCrmDocumentDeal","DEAL_351"]: class and name must fit together. */
static bool document_exists(struct call *call, const json_t *given)
{
    int64_t id;
    struct entity entity = entity_from_document(call->sb, jv_text(given, "2", ""), &id);
    if (strcmp(jv_text(given, "0", ""), "crm") != 0 || id == 0)
        return call_fail_classic(call, "Wrong DOCUMENT_ID!");
    if (entity.kind == NULL || strcmp(jv_text(given, "1", ""), entity.kind->document) != 0)
        return call_fail_classic(call, "Incorrect document type!");
    return store_get(&call->sb->store, entity.table, id) != NULL ||
           call_fail_classic(call, "Wrong DOCUMENT_ID!");
}

void bizproc_workflow_start(struct call *call)
{
    int64_t template = call_id(call, "TEMPLATE_ID");
    const json_t *document = call_param_any(call, "DOCUMENT_ID");
    if (template == 0) {
        call_fail(call, 400, "ERROR_WRONG_WORKFLOW_ID", "Empty TEMPLATE_ID");
        return;
    }
    if (store_get(&call->sb->store, "workflow_template", template) == NULL) {
        call_fail(call, 400, "ERROR_WRONG_WORKFLOW_ID", "Template not found");
        return;
    }
    if (!document_exists(call, document))
        return;
    int64_t number = store_next(&call->sb->store, "workflow");
    char *id = mem_printf("66e81a64%06" PRId64 ".56521481", number);
    store_put(&call->sb->store, "workflow", number,
              json_pack("{ss sI sO sO*}", "ID", id, "TEMPLATE_ID", (json_int_t) template,
                        "DOCUMENT_ID", document, "PARAMETERS", call_param_any(call, "PARAMETERS")));
    call_answer(call, json_string(id));
    mem_free(id);
}

void bizproc_workflow_template_list(struct call *call)
{
    call_list_rows(call, "workflow_template");
}

static json_t *document_new(const struct call *call, int64_t id, const json_t *template,
                            const json_t *owner)
{
    const char *host = call->sb->host;
    char *number = mem_printf("%" PRId64, id);
    json_t *row = json_pack(
        "{sI so ss so sI so sn sb so* ss so so sn}", "id", (json_int_t)id, "title",
        json_sprintf("%s %s", jv_text(template, "name", ""), number), "number", number,
        "createTime", sandbox_now_new(call->sb), "createdBy", (json_int_t)call->user, "updateTime",
        sandbox_now_new(call->sb), "updatedBy", "stampsEnabled",
        jv_flag(call_param(call, "stampsEnabled"), ""), "values",
        json_deep_copy(call_param(call, "values")), "templateId", jv_text(template, "id", ""),
        "downloadUrl", json_sprintf("https://%s/bitrix/services/main/ajax.php?id=%s", host, number),
        "downloadUrlMachine",
        json_sprintf("https://%s/rest/crm.documentgenerator.document.download.json?id=%s", host,
                     number),
        "pdfUrl");
    json_object_update(row, jv_loose(owner));
    mem_free(number);
    return row;
}

void crm_document_add(struct call *call)
{
    const json_t *template =
        store_get(&call->sb->store, "document_template", call_id(call, "templateId"));
    int64_t type = call_id(call, "entityTypeId"), owner = call_id(call, "entityId");
    struct entity entity = entity_of_type(call->sb, type);
    if (template == NULL) {
        call_fail(call, 400, "DOCGEN_ACCESS_ERROR", "Template not found");
        return;
    }
    if (entity.kind == NULL || store_get(&call->sb->store, entity.table, owner) == NULL) {
        call_fail(call, 400, "NOT_FOUND", "Element not found");
        return;
    }
    int64_t id = store_next(&call->sb->store, "document");
    JV_AUTO *binding = json_pack("{so so}", "entityId", methods_text_new(owner), "entityTypeId",
                                 methods_text_new(type));
    json_t *row = document_new(call, id, template, binding);
    store_put(&call->sb->store, "document", id, row);
    events_raise(call->sb, "ONCRMDOCUMENTGENERATORDOCUMENTADD",
                 json_pack("{s{sI sI sI}}", "FIELDS", "ID", (json_int_t)id, "ENTITY_TYPE_ID",
                           (json_int_t)type, "ENTITY_ID", (json_int_t)owner));
    call_answer(call, json_pack("{sO}", "document", row));
}

/* §8.6: the PDF is made after the document; here it is ready at the second look. */
void crm_document_get(struct call *call)
{
    json_t *row = store_get(&call->sb->store, "document", call_id(call, "id"));
    if (row == NULL) {
        call_fail(call, 400, "NOT_FOUND", "Document not found");
        return;
    }
    json_t *looked = store_get(&call->sb->store, "document_look", call_id(call, "id"));
    if (looked == NULL)
        store_put(&call->sb->store, "document_look", call_id(call, "id"), json_object());
    else
        json_object_set_new(row, "pdfUrl",
                            json_sprintf("https://%s/bitrix/services/main/ajax.php?pdf=%" PRId64,
                                         call->sb->host, call_id(call, "id")));
    call_answer(call, json_pack("{sO}", "document", row));
}

void crm_document_list(struct call *call)
{
    struct list_query query = {0};
    json_t *rows = call_list(call, store_rows(&call->sb->store, "document"), &query);
    if (rows != NULL)
        call_answer(call, json_pack("{so}", "documents", rows));
}

/* A map by number, unlike other lists. */
void crm_document_template_list(struct call *call)
{
    struct list_query query = {0};
    JV_AUTO *rows = call_list(call, store_rows(&call->sb->store, "document_template"), &query);
    json_t *out = json_object(), *row;
    size_t i;
    json_array_foreach (rows, i, row)
        json_object_set(out, jv_text(row, "id", ""), row);
    call_answer(call, json_pack("{so}", "templates", out));
}
