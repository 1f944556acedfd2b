#include "daemon/ingest/body.h"

#include <string.h>

#include "common/form.h"
#include "common/jv.h"
#include "common/mem.h"
#include "tests/fuzz/fuzz.h"

static void same(const char *a, const char *b)
{
    fuzz_must((a == NULL) == (b == NULL) && (a == NULL || strcmp(a, b) == 0));
}

/* What is let in as pairs is read as a tree later: both must see the same. */
static void agree(const char *bytes, size_t size, const struct body *body)
{
    struct err err = {0};
    bool twice = false;
    JV_AUTO *tree = form_decode(bytes, size, "auth[application_token]", &twice, &err);
    if (tree == NULL) {
        fuzz_must(body == NULL || strstr(err.text, "maps") != NULL);
        return;
    }
    fuzz_must(body != NULL && twice == body->token_twice);
    same(jv_text(tree, "auth.application_token", NULL), body->token);
    same(jv_text(tree, "auth.member_id", NULL), body->member);
    same(jv_text(tree, "event", NULL), form_pairs_value(&body->form, "event"));
    same(jv_text(tree, "data.FIELDS.ID", NULL), form_pairs_value(&body->form, "data[FIELDS][ID]"));
    fuzz_must((json_object_get(tree, "event") != NULL) == form_pairs_have(&body->form, "event"));
}

static void read_events(const struct body *body)
{
    struct event event = {0};
    struct err err = {0};
    fuzz_must(body_event(&body->form, &event, &err) == (err.text[0] == '\0'));
    event_done(&event);
    err = (struct err){0};
    fuzz_must(body_robot(&body->form, "code", &event, &err) == (err.text[0] == '\0'));
    event_done(&event);
}

/* Without its secrets a body is a body still, and has no token. */
static void cut_secrets(const char *bytes, size_t size)
{
    char *text = body_without_secrets(bytes, size, "key");
    struct body body;
    struct err err = {0};
    fuzz_must(body_decode(text, strlen(text), &body, &err));
    fuzz_must(body.token == NULL && form_pairs_value(&body.form, "key") == NULL);
    body_done(&body);
    mem_free(text);
}

void fuzz_body(const uint8_t *data, size_t size)
{
    struct body body;
    struct err err = {0};
    char *text = mem_strndup((const char *)data, size);
    mem_free(body_parameter(text, "key"));
    mem_free(text);
    mem_free(body_without_secrets((const char *)data, size, NULL));
    bool read = body_decode((const char *)data, size, &body, &err);
    agree((const char *)data, size, read ? &body : NULL);
    if (!read)
        return;
    read_events(&body);
    cut_secrets((const char *)data, size);
    body_done(&body);
}
