#include "sandbox/events.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/form.h"
#include "common/jv.h"
#include "common/mem.h"
#include "sandbox/state.h"

enum { BODY_CEILING = 8 << 20, LATE_MS = 300, TOKEN_LIFE_S = 3600 };

/* Only applications may have these (§1.6); patterns end in a star. */
static const char *const app_only[] = {
    "ONCRMDEALMOVETOCATEGORY",
    "ONEXTERNALCALLSTART",
    "CATALOG.*",
    "ONIMCONNECTOR*",
    "ONOPENLINEMESSAGE*",
    "ONSESSION*",
    "ONIMBOT*",
    "ONIMCOMMANDADD",
    "ONSIGN*",
    "ONUSERADD",
    "ONAPP*",
    "ONOFFLINEEVENT",
};

void events_init(struct events *events)
{
    *events = (struct events){.hit = json_array(), .outbox = json_array(), .delay_ms = LATE_MS};
}

void events_done(struct events *events)
{
    events_unsubscribe(events, NULL);
    json_decref(events->hit);
    json_decref(events->outbox);
}

int64_t events_subscribe(struct events *events, const char *event, const char *url, bool app)
{
    if (events->count == EVENTS_MOST_SUBSCRIPTIONS)
        return 0;
    events->subscriptions[events->count++] = (struct subscription){
        .id = ++events->last_id, .event = mem_strdup(event), .url = mem_strdup(url), .app = app};
    return events->last_id;
}

void events_unsubscribe(struct events *events, const char *url)
{
    size_t kept = 0;
    for (size_t i = 0; i < events->count; i++) {
        struct subscription *one = &events->subscriptions[i];
        if (url != NULL && strcmp(one->url, url) != 0) {
            events->subscriptions[kept++] = *one;
            continue;
        }
        mem_free(one->event);
        mem_free(one->url);
    }
    events->count = kept;
}

static bool is_app_only(const char *name)
{
    for (size_t i = 0; i < sizeof app_only / sizeof app_only[0]; i++)
        if (limits_pattern(app_only[i], name))
            return true;
    return false;
}

/* §1.6: also per-type names such as ONCRMDYNAMICITEMADD_147, where somebody asked for one. */
static bool wants_type(const struct subscription *one, const char *name, const json_t *data)
{
    size_t size = strlen(name);
    return strncasecmp(one->event, name, size) == 0 && one->event[size] == '_' &&
           jv_int(data, "FIELDS.ENTITY_TYPE_ID", 0) > 0 &&
           strtoll(one->event + size + 1, NULL, 10) == jv_int(data, "FIELDS.ENTITY_TYPE_ID", 0);
}

static bool hears(const struct subscription *one, const char *name, const json_t *data)
{
    if (is_app_only(name) && !one->app)
        return false;
    return strcmp(one->event, "*") == 0 || strcasecmp(one->event, name) == 0 ||
           wants_type(one, name, data);
}

/* §1.3, key order as captured (§1.4): no tokens for an outbound webhook. */
static json_t *webhook_auth_new(const struct sandbox *sb, bool with_token)
{
    char *endpoint = mem_printf("https://%s/rest/", sb->host);
    json_t *auth =
        json_pack("{ss ss ss ss}", "domain", sb->host, "client_endpoint", endpoint,
                  "server_endpoint", "https://oauth.bitrix.info/rest/", "member_id", sb->member_id);
    if (with_token)
        json_object_set_new(auth, "application_token", json_string(sb->application_token));
    mem_free(endpoint);
    return auth;
}

static json_t *app_auth_new(const struct sandbox *sb)
{
    char *endpoint = mem_printf("https://%s/rest/", sb->host);
    json_int_t expires = sb->now_ms / 1000 + TOKEN_LIFE_S;
    json_t *auth =
        json_pack("{ss sI si ss ss ss ss ss ss sI ss}", "access_token", "2e05f0660070cc3d",
                  "expires", expires, "expires_in", TOKEN_LIFE_S, "scope", "crm,task,im,user",
                  "domain", sb->host, "server_endpoint", "https://oauth.bitrix.info/rest/",
                  "status", "L", "client_endpoint", endpoint, "member_id", sb->member_id, "user_id",
                  (json_int_t)sb->hook_user, "application_token", sb->application_token);
    mem_free(endpoint);
    return auth;
}

/* http_build_query (§1.1): a space is +, and ~ is encoded too; otherwise as RFC 3986. An encoded
 * percent sign is %25, so %20 in the text can only be a space. */
static char *body_new(const json_t *tree)
{
    struct buf rfc BUF_AUTO, php BUF_AUTO;
    buf_init(&rfc, BODY_CEILING);
    buf_init(&php, BODY_CEILING);
    form_encode(&rfc, tree, false);
    for (const char *at = rfc.data; *at != '\0';) {
        size_t plain = strcspn(at, "%~");
        buf_add(&php, at, plain);
        at += plain;
        if (*at == '~') {
            buf_text(&php, "%7E");
            at++;
        } else if (strncmp(at, "%20", 3) == 0) {
            buf_char(&php, '+');
            at += 3;
        } else if (*at == '%') {
            buf_char(&php, *at++);
        }
    }
    return buf_take(&php);
}

static int64_t lateness(const struct events *events)
{
    switch (events->weather) {
    case EVENTS_ON:
    case EVENTS_OFF:
    case EVENTS_DUPLICATE:
        return 0;
    case EVENTS_REORDER:
        return events->raised % 2 == 1 ? events->delay_ms : 0;
    case EVENTS_DELAY:
        return events->delay_ms;
    }
    return 0;
}

/* Takes the body's tree over. */
static void post(struct events *events, const char *url, json_t *tree)
{
    char *body = body_new(tree);
    json_decref(tree);
    int copies = events->weather == EVENTS_DUPLICATE ? 2 : 1;
    for (int i = 0; i < copies; i++) {
        if (events->weather == EVENTS_OFF ||
            json_array_size(events->outbox) >= EVENTS_MOST_WAITING) {
            events->lost++;
            continue;
        }
        json_array_append_new(events->outbox,
                              json_pack("{ss ss ss sI}", "url", url, "body", body, "content_type",
                                        "application/x-www-form-urlencoded", "delay_ms",
                                        (json_int_t)lateness(events)));
    }
    mem_free(body);
}

static void send_to(struct sandbox *sb, const struct subscription *to, const char *name,
                    const json_t *data)
{
    json_t *tree =
        json_pack("{ss sI sO sI so}", "event", name, "event_handler_id", (json_int_t)to->id, "data",
                  data, "ts", (json_int_t)(sb->now_ms / 1000), "auth",
                  to->app ? app_auth_new(sb) : webhook_auth_new(sb, true));
    post(&sb->events, to->url, tree);
}

void events_raise(struct sandbox *sb, const char *name, json_t *data)
{
    json_t *event = json_pack("[s o]", name, data), *earlier;
    size_t i;
    /* §1.1: within one hit identical handler+data pairs are collapsed. */
    json_array_foreach (sb->events.hit, i, earlier)
        if (json_equal(earlier, event)) {
            json_decref(event);
            return;
        }
    json_array_append_new(sb->events.hit, event);
}

void events_flush(struct sandbox *sb)
{
    struct events *events = &sb->events;
    const json_t *event;
    size_t i;
    json_array_foreach (events->hit, i, event) {
        const char *name = jv_text(event, "0", "");
        size_t heard = 0;
        events->raised++;
        for (size_t k = 0; k < events->count; k++) {
            const struct subscription *to = &events->subscriptions[k];
            const json_t *data = json_array_get(event, 1);
            if (!hears(to, name, data))
                continue;
            send_to(sb, to, wants_type(to, name, data) ? to->event : name, data);
            heard++;
        }
        events->lost += heard == 0;
    }
    json_array_clear(events->hit);
}

bool events_robot(struct sandbox *sb, const char *url, const char *document, struct err *err)
{
    int64_t id;
    struct entity entity = entity_from_document(sb, document, &id);
    if (entity.kind == NULL)
        return err_set(err, "\"%s\" is no document; DEAL_5 or DYNAMIC_147_1 would be one",
                       document);
    char *name = mem_printf("%s_%lld", entity.symbol, (long long)id);
    post(&sb->events, url,
         json_pack("{s[sss] so}", "document_id", "crm", entity.kind->document, name, "auth",
                   webhook_auth_new(sb, false)));
    mem_free(name);
    return true;
}
