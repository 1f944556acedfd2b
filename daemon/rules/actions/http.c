#include "daemon/rules/actions/actions.h"

#include <string.h>
#include <strings.h>

#include "common/buf.h"
#include "common/jv.h"
#include "common/mem.h"
#include "common/percent.h"
#include "daemon/rules/body.h"

static const struct action_key keys[] = {
    {"url", KEY_URL, .required = true}, {"method", KEY_TEXT}, {"header.", KEY_TEXT},
    {"header-file.", KEY_SECRET_FILE},  {"body", KEY_JSON},   {"form.", KEY_TEXT},
};

enum { FORM_CEILING = 256 * 1024, URL_CEILING = 8192 };

static bool starts(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

static bool has_form(const struct step *step)
{
    for (size_t i = 0; i < step->key_count; i++)
        if (starts(step->keys[i].name, "form."))
            return true;
    return false;
}

/* RFC 9110 token. */
static bool header_is_good(const char *name)
{
    static const char letters[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789!#$%&'*+-.^_`|~";
    return name[0] != '\0' && strspn(name, letters) == strlen(name);
}

static void check(const struct step *step, const struct rule *rule, struct diag *diag)
{
    const struct step_key *body = step_key_find(step, "body");
    (void)rule;
    if (body != NULL && has_form(step))
        (void)diag_add(diag, body->at, "body and form.NAME exclude each other, keep one");
    for (size_t i = 0; i < step->key_count; i++) {
        const char *name = step->keys[i].name;
        const char *dot = starts(name, "header") ? strchr(name, '.') : NULL;
        if (dot != NULL && !header_is_good(dot + 1))
            (void)diag_add(diag, step->keys[i].at, "\"%s\" cannot be a header's name", dot + 1);
    }
}

/* header.NAME or header-file.NAME as {NAME: text}. A file's content is read when the call is made
 * and never gets here. */
static enum planned add_headers(struct plan *p, const char *prefix, json_t *headers)
{
    for (size_t i = 0; i < p->step->key_count; i++) {
        const struct step_key *key = &p->step->keys[i];
        char *text = NULL;
        if (!starts(key->name, prefix) || key->value == NULL)
            continue;
        enum planned planned =
            plan_known(p, template_text_of(key->value, p->scope, INTO_HEADER, &text), key->name);
        if (planned != PLAN_READY)
            return planned;
        (void)json_object_set_new(headers, key->name + strlen(prefix), jv_string_new(text));
        mem_free(text);
    }
    return PLAN_READY;
}

static enum planned add_pair(struct plan *p, const struct step_key *key, struct buf *form)
{
    char *text = NULL;
    const char *name = key->name + strlen("form.");
    enum planned planned = PLAN_READY;
    if (key->value != NULL)
        planned = plan_known(p, template_text_of(key->value, p->scope, INTO_PLAIN, &text), name);
    if (planned == PLAN_READY) {
        if (form->size > 0)
            buf_char(form, '&');
        percent_encode(form, name, strlen(name));
        buf_char(form, '=');
        percent_encode(form, text == NULL ? "" : text, text == NULL ? 0 : strlen(text));
    }
    mem_free(text);
    return planned;
}

static enum planned form_body(struct plan *p, json_t *params)
{
    struct buf form BUF_AUTO;
    buf_init(&form, FORM_CEILING);
    for (size_t i = 0; i < p->step->key_count; i++) {
        const struct step_key *key = &p->step->keys[i];
        enum planned planned = starts(key->name, "form.") ? add_pair(p, key, &form) : PLAN_READY;
        if (planned != PLAN_READY)
            return planned;
    }
    if (form.full)
        return plan_bad(p, "the form is longer than %d bytes", FORM_CEILING);
    (void)json_object_set_new(params, "body", json_string(form.data));
    (void)json_object_set_new(params, "content_type",
                              json_string("application/x-www-form-urlencoded"));
    return PLAN_READY;
}

static enum planned json_body(struct plan *p, json_t *params)
{
    JV_AUTO *body = NULL;
    enum planned planned = body_json(p, "body", &body);
    if (planned != PLAN_READY || body == NULL)
        return planned;
    char *text = jv_dump_new(body);
    (void)json_object_set_new(params, "body", json_string(text));
    (void)json_object_set_new(params, "content_type", json_string("application/json"));
    mem_free(text);
    return planned;
}

static enum planned add_url(struct plan *p, json_t *params)
{
    char *url = NULL;
    enum planned planned = plan_filled(p, "url", URL_CEILING, &url);
    if (planned == PLAN_READY && !starts(url, "https://") && !starts(url, "http://"))
        planned = plan_bad(p, "url: it must start with https:// or http://");
    if (planned == PLAN_READY)
        (void)json_object_set_new(params, "url", json_string(url));
    mem_free(url);
    return planned;
}

static enum planned add_method(struct plan *p, json_t *params)
{
    static const char *const methods[] = {"POST", "GET", "PUT", "PATCH", "DELETE", "HEAD"};
    const char *found = NULL;
    char *text = NULL;
    enum planned planned = plan_optional(p, "method", PLAN_TITLE_LETTERS, &text);
    for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++)
        if (strcasecmp(text == NULL ? "POST" : text, methods[i]) == 0)
            found = methods[i];
    if (planned == PLAN_READY && found == NULL)
        planned = plan_bad(p, "method: \"%s\" is not POST, GET, PUT, PATCH, DELETE or HEAD", text);
    else if (planned == PLAN_READY)
        (void)json_object_set_new(params, "method", json_string(found));
    mem_free(text);
    return planned;
}

/* Header names mean the same in any case. */
static json_t *header_find(json_t *headers, const char *name, const char **ret_name)
{
    const char *key;
    json_t *value;
    json_object_foreach (headers, key, value) {
        if (strcasecmp(key, name) == 0) {
            *ret_name = key;
            return value;
        }
    }
    return NULL;
}

/* The receiver can tell a repetition by the key, which names this command of this run. */
static void settle_headers(struct plan *p, json_t *params, json_t *headers)
{
    char mark[64];
    const char *name = NULL;
    json_t *type = header_find(headers, "Content-Type", &name);
    if (type != NULL) {
        (void)json_object_set(params, "content_type", type);
        (void)json_object_del(headers, name);
    }
    plan_mark(p, 0, mark);
    if (header_find(headers, "Idempotency-Key", &name) == NULL)
        (void)json_object_set_new(headers, "Idempotency-Key", json_sprintf("b24bridge-%s", mark));
}

static enum planned fill(struct plan *p, json_t *params)
{
    json_t *headers = json_object(), *files = json_object();
    (void)json_object_set_new(params, "headers", headers);
    (void)json_object_set_new(params, "header_files", files);
    enum planned parts[] = {
        add_url(p, params),
        add_method(p, params),
        add_headers(p, "header.", headers),
        add_headers(p, "header-file.", files),
        has_form(p->step) ? form_body(p, params) : json_body(p, params),
    };
    settle_headers(p, params, headers);
    return plan_all(parts, sizeof parts / sizeof parts[0]);
}

/* {{LABEL.status}}, {{LABEL.body.…}}, and {{LABEL.id}} as everywhere. */
static json_t *result_new(const json_t *answered)
{
    json_t *result = plan_id_of_new(json_object_get(answered, "body"));
    (void)json_object_update(result, jv_loose(answered));
    return result;
}

static enum planned plan(struct plan *p)
{
    json_t *params = json_object();
    enum planned planned = fill(p, params);
    if (planned != PLAN_READY) {
        json_decref(params);
        return planned;
    }
    struct command *command = plan_call(p, 0, "http", params, NULL);
    const char *method = jv_text(params, "method", "POST");
    command->kind = COMMAND_HTTP;
    command->write = strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0;
    const json_t *answered = plan_result(p, 0);
    if (answered != NULL)
        p->result = result_new(answered);
    return PLAN_READY;
}

const struct action action_http = {
    .name = "http",
    .target = TARGET_NONE,
    .keys = keys,
    .key_count = sizeof keys / sizeof keys[0],
    .check = check,
    .plan = plan,
};
