#include "sandbox/core.h"

#include "common/jv.h"
#include "common/mem.h"
#include "sandbox/seed.h"
#include "sandbox/state.h"

/* Moscow as a TZif file (RFC 8536) without a single change: no file is read, and there is no summer
 * time to trip over. Version 2 says everything twice. */
static const char moscow[] =
    "TZif2\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1\0\0\0\4"
    "\0\0\x2a\x30\0\0MSK\0"
    "TZif2\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1\0\0\0\4"
    "\0\0\x2a\x30\0\0MSK\0\nMSK-3\n";

json_t *sandbox_date_new(const struct sandbox *sb, int64_t wall_ms)
{
    char text[26];
    zone_iso(sb->zone, wall_ms, text);
    return json_string(text);
}

struct sandbox *sandbox_new(const struct sandbox_options *options)
{
    struct sandbox *sb = mem_alloc(sizeof *sb);
    struct err err = {0};
    *sb = (struct sandbox){
        .host = mem_strdup(options->host),
        .hook_code = mem_strdup(options->hook_code),
        .application_token = mem_strdup(options->application_token),
        .member_id = mem_strdup(options->member_id),
        .hook_user = options->hook_user,
        .scopes = json_pack("[ssssssssss]", "crm", "task", "im", "imopenlines", "user",
                            "department", "bizproc", "calendar", "timeman", "telephony"),
        .idempotency = json_object(),
    };
    sb->zone = zone_parse("Europe/Moscow", moscow, sizeof moscow - 1, &err);
    store_init(&sb->store);
    limits_init(&sb->limits, options->rate_drain, options->rate_size, options->operating_limit_s);
    faults_init(&sb->faults);
    events_init(&sb->events);
    journal_init(&sb->journal);
    seed_firm(sb);
    return sb;
}

void sandbox_free(struct sandbox *sb)
{
    if (sb == NULL)
        return;
    store_done(&sb->store);
    field_cache_clear(&sb->fields);
    limits_done(&sb->limits);
    faults_clear(&sb->faults);
    events_done(&sb->events);
    journal_done(&sb->journal);
    zone_free(sb->zone);
    json_decref(sb->scopes);
    json_decref(sb->idempotency);
    mem_free(sb->host);
    mem_free(sb->hook_code);
    mem_free(sb->application_token);
    mem_free(sb->member_id);
    mem_free(sb);
}

json_t *sandbox_take_events(struct sandbox *sb)
{
    json_t *taken = sb->events.outbox;
    sb->events.outbox = json_array();
    return taken;
}
