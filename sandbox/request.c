#include "sandbox/request.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/form.h"
#include "common/jv.h"

/* Copies the path's next segment; false when it is empty or too long. */
static bool segment(const char **path, char out[REQUEST_MOST_NAME])
{
    size_t size = strcspn(*path, "/");
    if (size == 0 || size >= REQUEST_MOST_NAME)
        return false;
    memcpy(out, *path, size);
    out[size] = '\0';
    *path += size;
    *path += **path == '/';
    return true;
}

static bool skip(const char **path, const char *text)
{
    size_t size = strlen(text);
    if (strncmp(*path, text, size) != 0)
        return false;
    *path += size;
    return true;
}

/* /rest/{user}/{code}/{method}[.json], /rest/api/{user}/{code}/{method} */
static bool read_path(const char *path, struct request *ret)
{
    char user[REQUEST_MOST_NAME];
    if (!skip(&path, "/rest/"))
        return false;
    ret->v3 = skip(&path, "api/");
    if (!segment(&path, user) || !segment(&path, ret->code) || !segment(&path, ret->method))
        return false;
    ret->user = strtoll(user, NULL, 10);
    size_t size = strlen(ret->method);
    if (size > 5 && strcasecmp(ret->method + size - 5, ".json") == 0)
        ret->method[size - 5] = '\0';
    return *path == '\0';
}

static bool is_type(const char *content_type, const char *wanted)
{
    size_t size = strlen(wanted);
    return content_type != NULL && strncasecmp(content_type, wanted, size) == 0 &&
           strchr("; \t", content_type[size]) != NULL;
}

static bool is_list(const json_t *map)
{
    const char *key;
    json_t *value;
    size_t at = 0;
    char number[24];
    json_object_foreach (jv_loose(map), key, value) {
        (void)snprintf(number, sizeof number, "%zu", at++);
        if (strcmp(key, number) != 0)
            return false;
    }
    return at > 0;
}

/* PHP has one kind of array: what a form numbers from 0 on is the list that JSON would say. A
 * filter stays a map: its numbers are groups (§3.6). Takes the tree over. */
static json_t *as_lists(json_t *tree, const char *name)
{
    const char *key;
    json_t *value;
    if (!json_is_object(tree))
        return tree;
    bool list = is_list(tree) && strcasecmp(name, "filter") != 0;
    json_t *copy = list ? json_array() : json_object();
    json_object_foreach (tree, key, value) {
        json_t *one = as_lists(json_incref(value), key);
        if (list)
            json_array_append_new(copy, one);
        else
            json_object_set_new(copy, key, one);
    }
    json_decref(tree);
    return copy;
}

json_t *request_form_new(const char *text, size_t size)
{
    json_t *tree = text == NULL ? NULL : form_decode(text, size, NULL, NULL, NULL), *value;
    const char *key;
    json_t *params = json_object();
    json_object_foreach (tree, key, value)
        json_object_set_new(params, key, as_lists(json_incref(value), key));
    json_decref(tree);
    return params;
}

/* §3.1: malformed JSON, or JSON under another content type, is silently no parameters at all. */
static json_t *read_body(const struct sandbox_request *from, bool *ret_bad_json)
{
    if (is_type(from->content_type, "application/json")) {
        json_t *tree = jv_parse_new(from->body, from->size, NULL);
        *ret_bad_json = !json_is_object(tree) && !json_is_array(tree);
        if (json_is_object(tree))
            return tree;
        json_decref(tree);
    } else if (is_type(from->content_type, "application/x-www-form-urlencoded")) {
        return request_form_new(from->body, from->size);
    }
    return json_object();
}

bool request_read(const struct sandbox_request *from, struct request *ret)
{
    *ret = (struct request){0};
    if (!read_path(from->path, ret))
        return false;
    const char *query = from->query == NULL ? "" : from->query;
    json_t *body = read_body(from, &ret->bad_json);
    if (ret->v3) { /* §3.7: the query string is not read */
        ret->params = body;
        return true;
    }
    ret->params = request_form_new(query, strlen(query));
    json_object_update(ret->params, body); /* §3.1: merged, the body wins */
    json_decref(body);
    return true;
}

void request_done(struct request *request)
{
    json_decref(request->params);
    request->params = NULL;
}
