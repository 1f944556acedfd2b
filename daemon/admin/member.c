/* POST /api/portal/forget-member: the portal was made anew, or restored elsewhere, and its events
 * carry another member_id than the pinned one. The next good event pins its own. */

#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "common/jv.h"
#include "common/log.h"
#include "common/mem.h"
#include "common/near.h"
#include "daemon/admin/parts.h"

/* An order on its way to the disk. */
struct forgetting {
    struct admin *admin;
    int portal; /* in the order of config->portals */
    char say[320];
};

/* In the writer's thread. */
static void on_stored(void *arg, bool ok, const struct err *err)
{
    struct http_request *r = arg;
    struct forgetting *f = http_slot(r);
    const struct admin_options *o = &f->admin->options;
    const char *name = o->config->portals[f->portal].name;
    json_t *answer =
        ok ? json_pack("{s:b, s:s, s:o}", "ok", 1, "portal", name, "say", jv_string_new(f->say))
           : json_pack("{s:o}", "error", jv_string_new(err->text));
    if (ok) {
        ingest_forget_member(o->ingest, f->portal);
        log_info("operator portal=%s say=\"%s\"", name, f->say);
    }
    mem_free(f);
    answer_json(r, ok ? 200 : 503, answer);
}

static int find(const struct config *config, const char *name, struct err *err)
{
    const char **names = mem_array((size_t)config->portal_count + 1, sizeof *names);
    int found = -1;
    for (int i = 0; i < config->portal_count; i++) {
        names[i] = config->portals[i].name;
        found = strcmp(names[i], name) == 0 ? i : found;
    }
    const char *near = near_name(name, names, (size_t)config->portal_count);
    if (found < 0 && near != NULL)
        err_set(err, "no portal \"%s\" in the configuration; did you mean \"%s\"?", name, near);
    else if (found < 0)
        err_set(err, "no portal \"%s\" in the configuration", name);
    mem_free(names);
    return found;
}

static void submit(struct forgetting *f, const char *who, const char *was, struct http_request *r)
{
    const struct admin_options *o = &f->admin->options;
    struct store_change *change = store_change_new();
    struct trace trace = {.at_ms = clock_wall_ms(),
                          .portal = o->portal_ids[f->portal],
                          .entity = {.type = ENTITY_NONE, .id = "operator"},
                          .what = "operator"};
    if (was[0] != '\0')
        (void)snprintf(f->say, sizeof f->say,
                       "%s un-pinned the member_id \"%s\" of portal %s: its next event pins a new "
                       "one",
                       who, was, o->config->portals[f->portal].name);
    else
        (void)snprintf(f->say, sizeof f->say,
                       "no member_id of portal %s was pinned: its next event pins one",
                       o->config->portals[f->portal].name);
    (void)snprintf(trace.say, sizeof trace.say, "%s", f->say);
    store_put_member(change, trace.portal, NULL);
    store_put_trace(change, &trace);
    http_set_slot(r, f);
    store_submit(o->store, change, on_stored, r);
}

void order_forget_member(struct admin *a, struct http_request *r, const json_t *query)
{
    struct err err = {0};
    char was[80], who[OPERATOR_NAME_SIZE];
    const char *name = jv_text(query, "portal", "");
    int portal = name[0] != '\0' ? find(a->options.config, name, &err) : -1;
    int status = name[0] == '\0' ? 400 : portal < 0 ? 404 : 200;
    if (status == 400)
        err_set(&err, "no portal; \"portal=main\" would be right");
    else if (status == 200 &&
             !store_read_member(a->reader, a->options.portal_ids[portal], was, &err))
        status = 503;
    if (status != 200) {
        answer_json(r, status, json_pack("{s:o}", "error", jv_string_new(err.text)));
        return;
    }
    struct forgetting *f = mem_alloc(sizeof *f);
    *f = (struct forgetting){.admin = a, .portal = portal};
    operator_name(r, who);
    submit(f, who, was, r);
}
