#include <string.h>
#include <strings.h>

#include "common/jv.h"
#include "sandbox/rest.h"
#include "sandbox/seed.h"
#include "sandbox/state.h"

/* What tests and people do to the portal behind the API's back: POST /control, {"do":…}. */

typedef json_t *command_fn(struct sandbox *, const json_t *command, struct err *);

static json_t *fine(void)
{
    return json_pack("{sb}", "ok", 1);
}

static json_t *refuse(struct err *err, const char *text)
{
    err_set(err, "%s", text);
    return NULL;
}

/* A person's change: no limits, no faults, no journal. */
static json_t *do_call(struct sandbox *sb, const json_t *command, struct err *err)
{
    const char *method = jv_text(command, "method", NULL);
    const json_t *params = json_object_get(command, "params");
    struct call call;
    struct operating used;
    JV_AUTO *none = json_object();
    (void)err;
    if (method == NULL)
        return refuse(err, "\"call\" needs \"method\"");
    call_init(&call, sb, NULL, json_is_object(params) ? params : none,
              jv_int(command, "user", sb->hook_user));
    rest_command(&call, method, false, &used);
    json_t *ret = call.status == 0
                      ? json_pack("{sO*}", "result", call.result)
                      : json_pack("{sO ss}", "error", call.error, "error_description", call.text);
    if (call.status == 0 && call.total >= 0)
        json_object_set_new(ret, "total", json_integer(call.total));
    call_done(&call);
    events_flush(sb);
    return ret;
}

static json_t *do_subscribe(struct sandbox *sb, const json_t *command, struct err *err)
{
    const char *url = jv_text(command, "url", NULL);
    if (url == NULL)
        return refuse(err, "\"subscribe\" needs \"url\"");
    int64_t id =
        events_subscribe(&sb->events, jv_text(command, "event", "*"), url, jv_flag(command, "app"));
    return id > 0 ? json_pack("{sI}", "id", (json_int_t)id) : refuse(err, "too many subscriptions");
}

static json_t *do_unsubscribe(struct sandbox *sb, const json_t *command, struct err *err)
{
    (void)err;
    events_unsubscribe(&sb->events, jv_text(command, "url", NULL));
    return fine();
}

static json_t *do_robot(struct sandbox *sb, const json_t *command, struct err *err)
{
    const char *url = jv_text(command, "url", NULL);
    if (url == NULL)
        return refuse(err, "\"robot\" needs \"url\"");
    return events_robot(sb, url, jv_text(command, "document", ""), err) ? fine() : NULL;
}

static json_t *do_event(struct sandbox *sb, const json_t *command, struct err *err)
{
    const char *name = jv_text(command, "name", NULL);
    json_t *data = json_object_get(command, "data");
    if (name == NULL)
        return refuse(err, "\"event\" needs \"name\"");
    events_raise(sb, name, data != NULL ? json_deep_copy(data) : json_null());
    events_flush(sb);
    return fine();
}

static json_t *do_events(struct sandbox *sb, const json_t *command, struct err *err)
{
    static const char *const states[] = {"on", "off", "duplicate", "reorder", "delay"};
    const char *state = jv_text(command, "state", "on");
    for (size_t i = 0; i < sizeof states / sizeof states[0]; i++)
        if (strcmp(states[i], state) == 0) {
            sb->events.weather = (enum event_weather)i;
            sb->events.delay_ms = jv_int(command, "ms", sb->events.delay_ms);
            return fine();
        }
    return refuse(err, "\"state\" is on, off, duplicate, reorder or delay");
}

static json_t *do_fault(struct sandbox *sb, const json_t *command, struct err *err)
{
    return faults_add(&sb->faults, command, err) ? fine() : NULL;
}

static json_t *do_faults_clear(struct sandbox *sb, const json_t *command, struct err *err)
{
    (void)command;
    (void)err;
    faults_clear(&sb->faults);
    return fine();
}

static json_t *do_limits(struct sandbox *sb, const json_t *command, struct err *err)
{
    struct limits *limits = &sb->limits;
    (void)err;
    limits->bucket.drain = jv_real(command, "drain", limits->bucket.drain);
    limits->bucket.size = jv_real(command, "size", limits->bucket.size);
    limits->operating_limit_s = jv_real(command, "operating", limits->operating_limit_s);
    if (json_object_get(command, "work") != NULL)
        limits->work = jv_flag(command, "work");
    if (json_object_get(command, "uneven") != NULL)
        limits->uneven = jv_flag(command, "uneven");
    if (json_object_get(command, "level") != NULL) { /* others have been here */
        limits->bucket.level = jv_real(command, "level", 0);
        limits->bucket.at_ms = sb->now_ms - sb->now_ms % 1000;
    }
    return fine();
}

static json_t *do_cost(struct sandbox *sb, const json_t *command, struct err *err)
{
    enum { MOST_COSTS = 1000 };
    if (json_object_size(sb->limits.costs) >= MOST_COSTS)
        return refuse(err, "too many costs");
    json_object_set_new(sb->limits.costs, jv_text(command, "method", "*"),
                        json_real(jv_real(command, "seconds", 0)));
    return fine();
}

static json_t *do_scopes(struct sandbox *sb, const json_t *command, struct err *err)
{
    json_t *list = json_object_get(command, "list"), *one;
    size_t i;
    json_array_foreach (list, i, one)
        if (!json_is_string(one))
            return refuse(err, "\"list\" is an array of scopes");
    if (!json_is_array(list))
        return refuse(err, "\"list\" is an array of scopes");
    json_decref(sb->scopes);
    sb->scopes = json_deep_copy(list);
    return fine();
}

static json_t *do_effects(struct sandbox *sb, const json_t *command, struct err *err)
{
    const char *method = jv_text(command, "method", NULL);
    json_t *out = json_array(), *effect;
    size_t i;
    (void)err;
    json_array_foreach (sb->journal.effects, i, effect)
        if (jv_int(effect, "n", 0) > jv_int(command, "after", 0) &&
            (method == NULL || strcasecmp(method, jv_text(effect, "method", "")) == 0))
            json_array_append(out, effect);
    return json_pack("{so}", "effects", out);
}

/* Tables by the names that people use; a to-do is an activity of one provider. */
static bool is_of(const char *what, const json_t *row, const json_t *where)
{
    const char *path;
    json_t *wanted;
    if (strcmp(what, "todo") == 0 && strcmp(jv_text(row, "PROVIDER_ID", ""), "CRM_TODO") != 0)
        return false;
    json_object_foreach (jv_loose(where), path, wanted)
        if (!jv_same(jv_at(row, path), wanted))
            return false;
    return true;
}

static json_t *rows_of(struct sandbox *sb, const char *what)
{
    return json_object_get(sb->store.tables, strcmp(what, "todo") == 0 ? "activity" : what);
}

static json_t *do_list(struct sandbox *sb, const json_t *command, struct err *err)
{
    const char *what = jv_text(command, "what", ""), *number;
    json_t *out = json_array(), *row;
    (void)err;
    json_object_foreach (rows_of(sb, what), number, row)
        if (is_of(what, row, json_object_get(command, "where")))
            json_array_append_new(out, json_deep_copy(row));
    return json_pack("{so}", "rows", out);
}

static json_t *do_get(struct sandbox *sb, const json_t *command, struct err *err)
{
    const char *what = jv_text(command, "what", "");
    json_t *row = store_get(&sb->store, strcmp(what, "todo") == 0 ? "activity" : what,
                            jv_int(command, "id", 0));
    (void)err;
    return json_pack("{so?}", "row", json_deep_copy(row));
}

static json_t *do_count(struct sandbox *sb, const json_t *command, struct err *err)
{
    const json_t *where = json_object_get(command, "where");
    if (json_object_get(command, "what") == NULL)
        return json_pack(
            "{sI}", "count",
            (json_int_t)journal_count(&sb->journal, jv_text(command, "method", NULL), where));
    JV_AUTO *rows = do_list(sb, command, err);
    return json_pack("{si}", "count", (int)json_array_size(json_object_get(rows, "rows")));
}

static json_t *do_put(struct sandbox *sb, const json_t *command, struct err *err)
{
    const char *what = jv_text(command, "what", NULL);
    json_t *given = json_object_get(command, "row");
    if (what == NULL || !json_is_object(given))
        return refuse(err, "\"put\" needs \"what\" and \"row\"");
    int64_t id = jv_int(command, "id", 0);
    id = id > 0 ? id : store_next(&sb->store, what);
    json_t *row = store_get(&sb->store, what, id);
    if (row != NULL)
        json_object_update(row, given);
    else
        store_put(&sb->store, what, id, json_deep_copy(given));
    field_cache_clear(&sb->fields); /* it may have been a custom field or a type */
    return json_pack("{sI}", "id", (json_int_t)id);
}

static json_t *do_seed(struct sandbox *sb, const json_t *command, struct err *err)
{
    enum { MOST_DEALS = 100000 };
    const char *line = jv_text(command, "openline", NULL);
    int64_t deals = jv_int(command, "deals", 0);
    if (deals > MOST_DEALS)
        return refuse(err, "too many deals");
    seed_deals(sb, deals);
    if (line == NULL)
        return fine();
    return json_pack("{sI}", "chat",
                     (json_int_t)seed_openline(sb, line, jv_int(command, "id", 0),
                                               jv_int(command, "user", sb->hook_user)));
}

static json_t *do_stats(struct sandbox *sb, const json_t *command, struct err *err)
{
    const struct journal *journal = &sb->journal;
    (void)command;
    (void)err;
    bucket_leak(&sb->limits.bucket, sb->now_ms - sb->now_ms % 1000);
    return json_pack("{sI sI sI sI sI sO sO sf so s{sI sI si}}", "requests",
                     (json_int_t)journal->requests, "commands", (json_int_t)journal->commands,
                     "batches", (json_int_t)journal->batches, "max_batch",
                     (json_int_t)journal->max_batch, "effects", (json_int_t)journal->last_effect,
                     "refusals", journal->refusals, "methods", journal->methods, "bucket",
                     sb->limits.bucket.level, "faults", faults_struck_new(&sb->faults), "events",
                     "raised", (json_int_t)sb->events.raised, "lost", (json_int_t)sb->events.lost,
                     "waiting", (int)json_array_size(sb->events.outbox));
}

static const struct {
    const char *name;
    command_fn *run;
    const char *help;
} commands[] = {
    {"call", do_call,
     "{\"do\":\"call\",\"user\":7,\"method\":\"crm.item.update\",\"params\":{…}}  a person's "
     "change: "
     "raises events, no limits"},
    {"subscribe", do_subscribe,
     "{\"do\":\"subscribe\",\"event\":\"ONCRMDEALUPDATE\",\"url\":\"http://127.0.0.1:8024/hook/"
     "main\"}"
     "  event \"*\": all that an outbound webhook may have; \"app\":true: an application's"},
    {"unsubscribe", do_unsubscribe, "{\"do\":\"unsubscribe\"}  all, or those of \"url\""},
    {"robot", do_robot,
     "{\"do\":\"robot\",\"url\":\"http://…/hook/main/robot/CODE?key=…\",\"document\":\"DEAL_5\"}  "
     "the "
     "native step \"Outgoing webhook\""},
    {"event", do_event,
     "{\"do\":\"event\",\"name\":\"ONVOXIMPLANTCALLEND\",\"data\":{…}}  any event to its "
     "subscribers"},
    {"events", do_events,
     "{\"do\":\"events\",\"state\":\"off|on|duplicate|reorder|delay\",\"ms\":300}  how well they "
     "arrive"},
    {"fault", do_fault,
     "{\"do\":\"fault\",\"kind\":\"drop_after\",\"method\":\"crm.item.*\",\"count\":1}  html, "
     "empty, "
     "truncated, error (status, code, text, after), drop_before, drop_after, slow (ms), "
     "redirect (to), dead_webhook, refuse (code, status, text), cut_off (ms), limit, operation; "
     "count 0: until cleared; or every, or probability"},
    {"faults_clear", do_faults_clear, "{\"do\":\"faults_clear\"}"},
    {"limits", do_limits,
     "{\"do\":\"limits\",\"drain\":2,\"size\":50,\"operating\":480}  drain 0: unlimited; "
     "\"level\":50: so full is the bucket now; \"work\":true: commands take the time they cost; "
     "\"uneven\":true: about as much"},
    {"cost", do_cost,
     "{\"do\":\"cost\",\"method\":\"crm.item.*\",\"seconds\":0.4}  what a call adds to operating"},
    {"scopes", do_scopes, "{\"do\":\"scopes\",\"list\":[\"crm\",\"task\"]}  of the webhook"},
    {"effects", do_effects,
     "{\"do\":\"effects\"}  every write through the webhook, in order; only \"method\", only "
     "\"after\" "
     "a number"},
    {"count", do_count,
     "{\"do\":\"count\",\"method\":\"tasks.task.add\",\"where\":{\"fields.TITLE\":\"…\"}}  effects "
     "by "
     "their params; with \"what\" rows of a table"},
    {"get", do_get,
     "{\"do\":\"get\",\"what\":\"deal|lead|contact|company|dynamic_147|task|comment|todo|activity|"
     "notify|…\",\"id\":5}"},
    {"list", do_list, "{\"do\":\"list\",\"what\":\"task\",\"where\":{\"RESPONSIBLE_ID\":5}}"},
    {"put", do_put,
     "{\"do\":\"put\",\"what\":\"absence\",\"row\":{…}}  a row as it is, without events (absence, "
     "timeman, userfield, type, category, status, user …)"},
    {"seed", do_seed,
     "{\"do\":\"seed\",\"deals\":1000}  a crowd; {\"openline\":\"deal\",\"id\":5,\"user\":5}: a "
     "chat "
     "with a client"},
    {"stats", do_stats, "{\"do\":\"stats\"}  requests, commands, batches, refusals, events"},
};

json_t *sandbox_control(struct sandbox *sb, const json_t *command, int64_t now_ms, struct err *err)
{
    const char *name = jv_text(command, "do", "");
    sb->now_ms = now_ms;
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++)
        if (strcmp(commands[i].name, name) == 0)
            return commands[i].run(sb, command, err);
    err_set(err, "unknown command \"%s\"; `b24sandbox --help` lists them", name);
    return NULL;
}

const char *sandbox_control_help(size_t index)
{
    return index < sizeof commands / sizeof commands[0] ? commands[index].help : NULL;
}
