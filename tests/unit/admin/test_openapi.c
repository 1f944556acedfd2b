/* docs/openapi.json and the table of routes say the same, both ways; and the document holds
 * together by itself. */

#include <jansson.h>
#include <string.h>

#include "common/jv.h"
#include "common/mem.h"
#include "daemon/admin/routes.h"
#include "tests/support/check_main.h"

static json_t *document(void)
{
    json_error_t why;
    json_t *doc = json_load_file("docs/openapi.json", JSON_REJECT_DUPLICATES, &why);
    ck_assert_msg(doc != NULL, "docs/openapi.json:%d: %s", why.line, why.text);
    return doc;
}

static const char *lower_method(const struct route *route)
{
    return strcmp(route->method, "POST") == 0 ? "post" : "get";
}

/* The document's entry of a route; NULL: there is none. Borrowed. */
static const json_t *operation(const json_t *doc, const char *path, const char *method)
{
    return json_object_get(json_object_get(json_object_get(doc, "paths"), path), method);
}

static const struct route *route_of(const char *path, const char *method)
{
    for (size_t i = 0; i < admin_route_count; i++)
        if (strcmp(admin_routes[i].path, path) == 0 &&
            strcmp(lower_method(&admin_routes[i]), method) == 0)
            return &admin_routes[i];
    return NULL;
}

static bool has_word(const char *words, const char *word)
{
    size_t length = strlen(word);
    for (const char *at = words; (at = strstr(at, word)) != NULL; at += length)
        if ((at == words || at[-1] == ' ') && (at[length] == ' ' || at[length] == '\0'))
            return true;
    return false;
}

static size_t count_words(const char *words)
{
    size_t count = words[0] != '\0';
    for (; *words != '\0'; words++)
        count += *words == ' ';
    return count;
}

START_TEST(each_route_has_an_entry_and_each_entry_a_route)
{
    JV_AUTO *doc = document();
    const char *path, *method;
    json_t *methods, *entry;
    size_t entries = 0;
    for (size_t i = 0; i < admin_route_count; i++)
        ck_assert_msg(operation(doc, admin_routes[i].path, lower_method(&admin_routes[i])) != NULL,
                      "%s %s is not in docs/openapi.json", admin_routes[i].method,
                      admin_routes[i].path);
    json_object_foreach (json_object_get(doc, "paths"), path, methods)
        json_object_foreach (methods, method, entry) {
            ck_assert_msg(route_of(path, method) != NULL, "%s %s has no route", method, path);
            entries++;
        }
    ck_assert_uint_eq(entries, admin_route_count);
}
END_TEST

START_TEST(parameters_are_the_same)
{
    JV_AUTO *doc = document();
    for (size_t i = 0; i < admin_route_count; i++) {
        const struct route *route = &admin_routes[i];
        const json_t *parameters =
            json_object_get(operation(doc, route->path, lower_method(route)), "parameters");
        size_t k;
        json_t *parameter;
        json_array_foreach (jv_loose(parameters), k, parameter) {
            const char *name = jv_text(parameter, "name", "");
            ck_assert_msg(has_word(route->parameters, name), "%s does not take \"%s\"", route->path,
                          name);
            ck_assert_str_eq(jv_text(parameter, "in", ""), "query");
            ck_assert_str_ne(jv_text(parameter, "description", ""), "");
        }
        ck_assert_msg(json_array_size(parameters) == count_words(route->parameters),
                      "%s: some of \"%s\" are not in the document", route->path, route->parameters);
    }
}
END_TEST

START_TEST(status_codes_are_the_same)
{
    JV_AUTO *doc = document();
    for (size_t i = 0; i < admin_route_count; i++) {
        const struct route *route = &admin_routes[i];
        const json_t *responses =
            json_object_get(operation(doc, route->path, lower_method(route)), "responses");
        const char *code;
        json_t *response;
        json_object_foreach (jv_loose(responses), code, response) {
            bool door = !route->open && has_word("401 403", code);
            ck_assert_msg(door || has_word(route->statuses, code), "%s does not answer %s",
                          route->path, code);
            ck_assert_str_ne(jv_text(response, "description", ""), "");
        }
        ck_assert_msg(json_object_size(responses) ==
                          count_words(route->statuses) + (route->open ? 0 : 2),
                      "%s: some of \"%s\" are not in the document", route->path, route->statuses);
    }
}
END_TEST

START_TEST(what_needs_no_token_says_so)
{
    JV_AUTO *doc = document();
    ck_assert_uint_eq(json_array_size(json_object_get(doc, "security")), 1);
    for (size_t i = 0; i < admin_route_count; i++) {
        const struct route *route = &admin_routes[i];
        const json_t *security =
            json_object_get(operation(doc, route->path, lower_method(route)), "security");
        bool none = json_is_array(security) && json_array_size(security) == 0;
        ck_assert_msg(none == route->open, "%s: security", route->path);
        ck_assert(route->open == (strncmp(route->path, "/api/", 5) != 0));
    }
}
END_TEST

static void check_references(const json_t *doc, const json_t *value)
{
    const char *name;
    json_t *member;
    size_t i;
    json_array_foreach (jv_loose(value), i, member)
        check_references(doc, member);
    json_object_foreach (jv_loose(value), name, member) {
        static const char schemas[] = "#/components/schemas/";
        check_references(doc, member);
        if (strcmp(name, "$ref") != 0)
            continue;
        const char *to = json_string_value(member);
        ck_assert_msg(strncmp(to, schemas, strlen(schemas)) == 0, "%s", to);
        ck_assert_msg(json_object_get(jv_at(doc, "components.schemas"), to + strlen(schemas)) !=
                          NULL,
                      "%s leads nowhere", to);
    }
}

START_TEST(the_document_holds_together)
{
    JV_AUTO *doc = document();
    JV_AUTO *ids = json_object();
    ck_assert_int_eq(strncmp(jv_text(doc, "openapi", ""), "3.0.", 4), 0);
    check_references(doc, doc);
    for (size_t i = 0; i < admin_route_count; i++) {
        const json_t *entry = operation(doc, admin_routes[i].path, lower_method(&admin_routes[i]));
        const char *id = jv_text(entry, "operationId", "");
        ck_assert_msg(id[0] != '\0' && json_object_get(ids, id) == NULL, "operationId \"%s\"", id);
        json_object_set_new(ids, id, json_true());
        ck_assert_str_ne(jv_text(entry, "summary", ""), "");
        ck_assert(jv_at(entry, "responses.200") != NULL || jv_at(entry, "responses.202") != NULL);
    }
}
END_TEST

START_TEST(each_route_leads_somewhere_in_one_way)
{
    for (size_t i = 0; i < admin_route_count; i++) {
        const struct route *route = &admin_routes[i];
        ck_assert_msg((route->tell == NULL) != (route->serve == NULL), "%s", route->path);
        ck_assert_msg(strcmp(route->method, "GET") == 0 || strcmp(route->method, "POST") == 0, "%s",
                      route->method);
    }
}
END_TEST

CHECK_MAIN("admin/openapi", each_route_has_an_entry_and_each_entry_a_route, parameters_are_the_same,
           status_codes_are_the_same, what_needs_no_token_says_so, the_document_holds_together,
           each_route_leads_somewhere_in_one_way)
