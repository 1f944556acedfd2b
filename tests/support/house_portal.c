#include "tests/support/house_inside.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "common/jv.h"
#include "common/mem.h"

/* ---- the portal ------------------------------------------------------------------------------ */

json_t *house_control(struct house *h, json_t *command)
{
    char *body = jv_dump_new(command);
    char *url = mem_printf("%s/control", h->portal_url);
    struct wire_request request = {.method = "POST",
                                   .url = url,
                                   .content_type = "application/json",
                                   .body = body,
                                   .body_size = strlen(body),
                                   .timeout_ms = HOUSE_ANSWER_MS};
    struct wire_answer answer = house_ask(h, &request);
    if (answer.status != 200)
        house_fail(h, "b24sandbox answers %d to %s: %s", answer.status, body, answer.body);
    json_t *tree = house_parse(h, answer.body, "/control");
    wire_answer_done(&answer);
    mem_free(url);
    mem_free(body);
    json_decref(command);
    return tree;
}

json_t *house_person(struct house *h, int user, const char *method, json_t *params)
{
    JV_AUTO *answer = house_control(h, json_pack("{ss si ss so}", "do", "call", "user", user,
                                                 "method", method, "params", params));
    if (json_object_get(answer, "error") != NULL)
        house_fail(h, "the portal refuses %s: %s", method,
                   jv_text(answer, "error_description", ""));
    json_t *result = json_object_get(answer, "result");
    return result != NULL ? json_incref(result) : json_null();
}

int64_t house_add(struct house *h, int user, int type, json_t *fields)
{
    JV_AUTO *result = house_person(h, user, "crm.item.add",
                                   json_pack("{si so}", "entityTypeId", type, "fields", fields));
    return jv_int(result, "item.id", 0);
}

void house_update(struct house *h, int user, int type, int64_t id, json_t *fields)
{
    json_decref(house_person(
        h, user, "crm.item.update",
        json_pack("{si sI so}", "entityTypeId", type, "id", (json_int_t)id, "fields", fields)));
}

json_t *house_item(struct house *h, int type, int64_t id)
{
    JV_AUTO *result =
        house_person(h, HOUSE_HOOK_USER, "crm.item.get",
                     json_pack("{si sI}", "entityTypeId", type, "id", (json_int_t)id));
    return json_incref(json_object_get(result, "item"));
}

int house_effects(struct house *h, const char *method, json_t *where)
{
    json_t *command =
        json_pack("{ss so}", "do", "count", "where", where != NULL ? where : json_object());
    if (method != NULL)
        (void)json_object_set_new(command, "method", json_string(method));
    JV_AUTO *answer = house_control(h, command);
    return (int)jv_int(answer, "count", -1);
}

json_t *house_journal(struct house *h)
{
    JV_AUTO *answer = house_control(h, json_pack("{ss}", "do", "effects"));
    return json_incref(json_object_get(answer, "effects"));
}

void house_fault(struct house *h, json_t *wish)
{
    (void)json_object_set_new(wish, "do", json_string("fault"));
    json_decref(house_control(h, wish));
}

void house_clear_faults(struct house *h)
{
    json_decref(house_control(h, json_pack("{ss}", "do", "faults_clear")));
}

void house_robot(struct house *h, const char *code, const char *query, const char *document)
{
    json_t *url = json_sprintf("%s/hook/main/robot/%s?key=%s%s%s", h->public_url, code,
                               HOUSE_ROBOT_KEY, query[0] != '\0' ? "&" : "", query);
    json_decref(
        house_control(h, json_pack("{ss so ss}", "do", "robot", "url", url, "document", document)));
}

/* ---- waiting --------------------------------------------------------------------------------- */

/* What must stand still: numbers of both sides that only grow, and queues that must be empty. */
struct pulse {
    int64_t raised, effects, requests;
    bool idle;
};

static struct pulse feel(struct house *h)
{
    JV_AUTO *stats = house_control(h, json_pack("{ss}", "do", "stats"));
    JV_AUTO *status = house_api(h, "/api/status");
    struct pulse pulse = {.raised = jv_int(stats, "events.raised", 0),
                          .effects = jv_int(stats, "effects", 0),
                          .requests = jv_int(stats, "requests", 0)};
    pulse.idle =
        jv_int(stats, "events.waiting", 0) == 0 && jv_int(status, "queue.events_new", 1) == 0 &&
        jv_int(status, "queue.runs.ready", 1) == 0 &&
        jv_int(status, "queue.runs.running", 1) == 0 &&
        jv_int(status, "portals.0.waiting", 1) == 0 &&
        jv_int(status, "portals.0.in_flight", 1) == 0 && house_metric(h, "b24bridge_tasks ") < 0.5;
    return pulse;
}

bool house_is_settled(struct house *h)
{
    struct pulse first = feel(h);
    if (!first.idle)
        return false;
    struct pulse second = feel(h);
    return second.idle && first.raised == second.raised && first.effects == second.effects &&
           first.requests == second.requests;
}

void house_settle(struct house *h)
{
    HOUSE_UNTIL(h, house_is_settled(h));
}

void house_tick(struct house *h, int64_t until_ms, const char *condition, const char *file,
                int line)
{
    if (house_has_ended(h->daemon))
        house_fail(h, "%s:%d: b24bridge has ended while this was awaited: %s", file, line,
                   condition);
    if (house_has_ended(h->sandbox))
        house_fail(h, "%s:%d: b24sandbox has ended while this was awaited: %s", file, line,
                   condition);
    if (clock_mono_ms() > until_ms)
        house_fail(h, "%s:%d: this did not come true in time: %s", file, line, condition);
    (void)poll(NULL, 0, HOUSE_TICK_MS);
}
