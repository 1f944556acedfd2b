/* Lists of names: users, departments, smart processes, crm_status directories, document templates.
 */

#include "daemon/portal/fetch_parts.h"

#include <stdio.h>
#include <string.h>

#include "common/jv.h"
#include "daemon/model/entity.h"

/* One list method: where its rows stand and what becomes of a row. */
struct listing {
    const char *method;
    const char *at; /* of the rows in the result; "" : the result itself */
    json_t *(*params)(const char *argument);
    json_t *(*row)(const json_t *row, const char *argument); /* new; NULL: not meant */
};

static size_t listing_calls(const struct listing *l, const char *argument,
                            struct command ret[FETCH_MOST])
{
    json_t *params = l->params(argument);
    return params != NULL ? fetch_call(ret, 0, l->method, params) : 0;
}

static void add_row(json_t *list, const struct listing *l, const json_t *row, const char *argument)
{
    json_t *made = l->row(row, argument);
    if (made != NULL)
        json_array_append_new(list, made);
}

/* A PHP array with gaps comes as an object (bitrix24.md §8.6: "templates":{…}). */
static void add_page(json_t *list, const struct listing *l, const json_t *page,
                     const char *argument)
{
    const char *key;
    json_t *row;
    size_t i;
    json_array_foreach (page, i, row)
        add_row(list, l, row, argument);
    json_object_foreach (jv_loose(page), key, row)
        add_row(list, l, row, argument);
}

static enum fetched listing_value(const struct listing *l, const struct fetch *fetch,
                                  json_t **ret_value, struct command *ret_more, struct err *err)
{
    const struct answer *last = &fetch->answers[fetch->count - 1];
    if (last->verdict != VERDICT_DONE)
        return fetch_fail(last, err);
    int64_t next = jv_int(last->next, "", 0);
    if (next > 0 && fetch->count < FETCH_ANSWERS_MOST) {
        json_t *params = l->params(fetch->argument);
        json_object_set_new(params, "start", json_integer(next));
        *ret_more = fetch_more_of(l->method, params);
        return FETCH_MORE;
    }
    *ret_value = json_array();
    for (size_t k = 0; k < fetch->count; k++)
        add_page(*ret_value, l, jv_at(fetch->answers[k].result, l->at), fetch->argument);
    return FETCHED;
}

/* ---- users, departments (§8.10)
 * --------------------------------------------------------------------------- */

static json_t *users_params(const char *argument)
{
    (void)argument;
    return json_pack("{s:{s:b}, s:s, s:s}", "FILTER", "ACTIVE", 1, "sort", "ID", "order", "ASC");
}

static json_t *users_row(const json_t *row, const char *argument)
{
    (void)argument;
    return json_pack("{s:I, s:o, s:s}", "id", (json_int_t)jv_int(row, "ID", 0), "name",
                     json_sprintf("%s %s", jv_text(row, "NAME", ""), jv_text(row, "LAST_NAME", "")),
                     "email", jv_text(row, "EMAIL", ""));
}

static const struct listing users = {"user.get", "", users_params, users_row};

size_t fetch_users_calls(const char *argument, struct command ret[FETCH_MOST])
{
    return listing_calls(&users, argument, ret);
}

enum fetched fetch_users_value(const struct fetch *fetch, json_t **ret_value,
                               struct command *ret_more, struct err *err)
{
    return listing_value(&users, fetch, ret_value, ret_more, err);
}

static json_t *departments_params(const char *argument)
{
    (void)argument;
    return json_pack("{s:s, s:s}", "sort", "NAME", "order", "ASC");
}

static json_t *departments_row(const json_t *row, const char *argument)
{
    (void)argument;
    return json_pack("{s:I, s:s}", "id", (json_int_t)jv_int(row, "ID", 0), "name",
                     jv_text(row, "NAME", ""));
}

static const struct listing departments = {"department.get", "", departments_params,
                                           departments_row};

size_t fetch_departments_calls(const char *argument, struct command ret[FETCH_MOST])
{
    return listing_calls(&departments, argument, ret);
}

enum fetched fetch_departments_value(const struct fetch *fetch, json_t **ret_value,
                                     struct command *ret_more, struct err *err)
{
    return listing_value(&departments, fetch, ret_value, ret_more, err);
}

/* ---- smart processes (§8.1) ------------------------------------------------------------------ */

static json_t *types_params(const char *argument)
{
    (void)argument;
    return json_pack("{s:{s:s}}", "order", "id", "ASC");
}

static json_t *types_row(const json_t *row, const char *argument)
{
    int64_t type = jv_int(row, "entityTypeId", 0);
    (void)argument;
    return type >= ENTITY_ITEM
               ? json_pack("{s:I, s:s}", "id", (json_int_t)type, "title", jv_text(row, "title", ""))
               : NULL;
}

static const struct listing types = {"crm.type.list", "types", types_params, types_row};

size_t fetch_types_calls(const char *argument, struct command ret[FETCH_MOST])
{
    return listing_calls(&types, argument, ret);
}

/* Only administrators of the CRM see crm.type.list; everybody may see what kinds there are. */
static json_t *kinds_params(const char *argument)
{
    (void)argument;
    return json_object();
}

static json_t *kinds_row(const json_t *row, const char *argument)
{
    int64_t type = jv_int(row, "ID", 0);
    (void)argument;
    return type >= ENTITY_ITEM
               ? json_pack("{s:I, s:s}", "id", (json_int_t)type, "title", jv_text(row, "NAME", ""))
               : NULL;
}

static const struct listing kinds = {"crm.enum.ownertype", "", kinds_params, kinds_row};

enum fetched fetch_types_value(const struct fetch *fetch, json_t **ret_value,
                               struct command *ret_more, struct err *err)
{
    if (fetch->answers[0].verdict != VERDICT_REFUSED)
        return listing_value(&types, fetch, ret_value, ret_more, err);
    if (fetch->count == 1) {
        *ret_more = fetch_more_of(kinds.method, kinds_params(""));
        return FETCH_MORE;
    }
    const struct fetch others = {
        .argument = fetch->argument, .answers = fetch->answers + 1, .count = fetch->count - 1};
    return listing_value(&kinds, &others, ret_value, ret_more, err);
}

/* ---- directories (§8.4) ---------------------------------------------------------------------- */

static json_t *directory_params(const char *argument)
{
    return argument[0] != '\0' ? json_pack("{s:{s:s}, s:{s:s}}", "filter", "ENTITY_ID", argument,
                                           "order", "SORT", "ASC")
                               : NULL;
}

static json_t *directory_row(const json_t *row, const char *argument)
{
    if (strcmp(jv_text(row, "ENTITY_ID", argument), argument) != 0)
        return NULL;
    return json_pack("{s:s, s:s}", "id", jv_text(row, "STATUS_ID", ""), "name",
                     jv_text(row, "NAME", ""));
}

static const struct listing directory = {"crm.status.list", "", directory_params, directory_row};

size_t fetch_directory_calls(const char *argument, struct command ret[FETCH_MOST])
{
    return listing_calls(&directory, argument, ret);
}

enum fetched fetch_directory_value(const struct fetch *fetch, json_t **ret_value,
                                   struct command *ret_more, struct err *err)
{
    return listing_value(&directory, fetch, ret_value, ret_more, err);
}

/* ---- document templates (§8.6) --------------------------------------------------------------- */

static json_t *templates_params(const char *argument)
{
    int type;
    const char *rest;
    if (!fetch_read_type(argument, &type, &rest) || type <= 0)
        return NULL;
    return json_pack("{s:[s, s, s], s:{s:s}}", "select", "id", "name", "entityTypeId", "order",
                     "id", "ASC");
}

/* "2" or "2_category_37" of kind 2; without bindings nothing is known against it. */
static bool is_bound(const json_t *bindings, const char *argument)
{
    size_t i, size = strlen(argument);
    json_t *binding;
    if (!json_is_array(bindings) || json_array_size(bindings) == 0)
        return true;
    json_array_foreach (jv_loose(bindings), i, binding) {
        char text[64];
        (void)snprintf(text, sizeof text, "%s", jv_text(binding, "", ""));
        if (strncmp(text, argument, size) == 0 && (text[size] == '\0' || text[size] == '_'))
            return true;
    }
    return false;
}

static json_t *templates_row(const json_t *row, const char *argument)
{
    int64_t id = jv_int(row, "id", 0);
    if (id <= 0 || !is_bound(json_object_get(row, "entityTypeId"), argument))
        return NULL;
    return json_pack("{s:I, s:s}", "id", (json_int_t)id, "name", jv_text(row, "name", ""));
}

static const struct listing templates = {"crm.documentgenerator.template.list", "templates",
                                         templates_params, templates_row};

size_t fetch_templates_calls(const char *argument, struct command ret[FETCH_MOST])
{
    return listing_calls(&templates, argument, ret);
}

enum fetched fetch_templates_value(const struct fetch *fetch, json_t **ret_value,
                                   struct command *ret_more, struct err *err)
{
    return listing_value(&templates, fetch, ret_value, ret_more, err);
}
