#include <string.h>

#include "common/clock.h"
#include "common/form.h"
#include "common/jv.h"
#include "common/mem.h"
#include "common/utf8.h"
#include "daemon/cli/event_form.h"
#include "daemon/cli/out.h"
#include "daemon/cli/url.h"
#include "daemon/cli/verb.h"
#include "daemon/config/config.h"
#include "daemon/portal/wire.h"

enum { PATIENCE_MS = 15000, BODY_CEILING = 64 << 10 };

static const struct config_portal *choose_portal(const struct args *args, const struct config *c,
                                                 struct err *err)
{
    const char *name = args_text(args, OPTION_PORTAL, NULL);
    const struct config_portal *portal = name == NULL ? &c->portals[0] : config_portal(c, name);
    if (portal == NULL)
        (void)err_set(err, "no portal \"%s\" in the configuration", name);
    else if (name == NULL && c->portal_count > 1)
        (void)err_set(err, "there are several portals; name one with --portal");
    else if (portal->token_count == 0)
        (void)err_set(err, "portal \"%s\" has no token-file: it takes no events", portal->name);
    else
        return portal;
    return NULL;
}

/* `auth` as an outgoing webhook has it (bitrix24.md §1.3). The member_id is left out unless given:
 * the daemon pins the first that it sees. */
static json_t *auth_new(const struct args *args, const struct config_portal *portal)
{
    const char *host = strstr(portal->site, "://") + 3;
    char *endpoint = mem_printf("%s/rest/", portal->site);
    json_t *auth = json_object();
    json_object_set_new(auth, "domain", jv_string_new(host));
    json_object_set_new(auth, "client_endpoint", jv_string_new(endpoint));
    json_object_set_new(auth, "server_endpoint", json_string("https://oauth.bitrix.info/rest/"));
    if (args_has(args, OPTION_MEMBER))
        json_object_set_new(auth, "member_id", jv_string_new(args_text(args, OPTION_MEMBER, "")));
    json_object_set_new(auth, "application_token", jv_string_new(portal->tokens[0]));
    mem_free(endpoint);
    return auth;
}

static bool post(const struct config *c, const struct config_portal *portal, const struct buf *body,
                 struct wire_answer *ret, struct err *err)
{
    struct url url;
    char *path = mem_printf("/hook/%s", portal->name);
    bool reachable = url_of_addr(&c->listen[0], path, &url, err);
    mem_free(path);
    if (!reachable)
        return false;
    const struct wire_request request = {
        .method = "POST",
        .url = url.text,
        .unix_path = url.unix_path,
        .content_type = "application/x-www-form-urlencoded",
        .user_agent = "Bitrix24 Webhook Engine",
        .body = body->data,
        .body_size = body->size,
        .timeout_ms = PATIENCE_MS,
    };
    bool posted = wire_request(&request, ret, err);
    url_done(&url);
    return posted || err_prefix(err, "no daemon answers at %s: ", c->listen[0].text);
}

static enum exit_code report(const struct args *args, const char *event, int status)
{
    bool taken = status == 200;
    if (args_has(args, OPTION_JSON)) {
        json_t *answer = json_pack("{s:s, s:s, s:i, s:b}", "event", event, "id", args->operands[1],
                                   "status", status, "accepted", taken);
        out_json(answer);
        json_decref(answer);
    } else if (taken) {
        out_line("%s of %s is stored", event, args->operands[1]);
    } else {
        out_complain("%s of %s is refused with status %d; the daemon's log and /metrics say why",
                     event, args->operands[1], status);
    }
    return taken ? EXIT_YES : EXIT_NO;
}

static bool make_body(const struct args *args, const struct config_portal *portal,
                      struct event_form *form, struct buf *body, struct err *err)
{
    if (!event_form_make(args->operands[0], args->operands[1], args_text(args, OPTION_TYPE, NULL),
                         form, err))
        return false;
    json_object_set_new(form->tree, "ts", json_integer(clock_wall_ms() / 1000));
    json_object_set_new(form->tree, "auth", auth_new(args, portal));
    form_encode(body, form->tree, false);
    return true;
}

static enum exit_code run(const struct args *args)
{
    struct diag diag;
    struct err err = {0};
    struct event_form form = {0};
    struct wire_answer answer = {0};
    struct buf body BUF_AUTO;
    enum exit_code code = EXIT_UNABLE;
    buf_init(&body, BODY_CEILING);
    diag_init(&diag);
    struct config *c = config_load(verb_config(args), &diag);
    out_diag(&diag);
    if (c == NULL) {
        code = EXIT_NO;
        goto out;
    }
    const struct config_portal *portal = choose_portal(args, c, &err);
    if (portal == NULL || !make_body(args, portal, &form, &body, &err) || !wire_init(&err))
        goto out;
    if (post(c, portal, &body, &answer, &err))
        code = report(args, form.event, answer.status);
    wire_done();
out:
    if (err.text[0] != '\0')
        out_complain("%s", err.text);
    mem_wipe(body.data, body.size);
    event_form_done(&form);
    wire_answer_done(&answer);
    config_free(c);
    diag_done(&diag);
    return code;
}

const struct verb verb_send = {
    .name = "send",
    .operands = "ONCRMDEALUPDATE 123",
    .help = "posts a real event to the daemon, to try a rule",
    .options = OPTION_BIT(OPTION_CONFIG) | OPTION_BIT(OPTION_JSON) | OPTION_BIT(OPTION_PORTAL) |
               OPTION_BIT(OPTION_MEMBER) | OPTION_BIT(OPTION_TYPE),
    .least = 2,
    .most = 2,
    .run = run,
};
