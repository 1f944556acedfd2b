#include "daemon/config/loading.h"

#include <string.h>

#include "daemon/config/section_calendar.h"
#include "daemon/config/section_portal.h"
#include "daemon/config/section_server.h"
#include "daemon/config/section_substitute.h"
#include "daemon/config/section_team.h"
#include "daemon/config/value.h"
#include "daemon/rules/suggest.h"

static const struct config_key keys[] = {
    {"server", "listen", "127.0.0.1:8024",
     "where Bitrix24 posts, ADDRESS:PORT or unix:PATH; usually behind a TLS proxy", KEY_REPEATED,
     server_read_listen},
    {"server", "admin", "127.0.0.1:8025",
     "/health, /ready, /metrics and the operator's API; never a public address", KEY_REPEATED,
     server_read_admin},
    {"server", "admin-token-file", NULL,
     "secret: the token that /api wants on TCP; without it only a Unix socket has /api", KEY_ONCE,
     server_read_admin_token},
    {"server", "database", "/var/lib/b24bridge/b24bridge.db", "the one database file", KEY_ONCE,
     server_read_database},
    {"server", "keep", "30 days", "finished events, runs and traces are kept this long", KEY_ONCE,
     server_read_keep},
    {"server", "max-body", "1 MiB", "a larger body is refused with 413", KEY_ONCE,
     server_read_max_body},
    {"server", "max-queue", "1 000 000",
     "with so many events and runs waiting, new events are refused with 503", KEY_ONCE,
     server_read_max_queue},
    {"server", "senders", NULL,
     "a file with the addresses that events may come from; without it everybody's are read",
     KEY_ONCE, server_read_senders},
    {"server", "http-allow", NULL,
     "an address, network or host name that the step http may reach although it is private",
     KEY_REPEATED, server_read_http_allow},

    {"portal", "url-file", NULL, "secret: the inbound webhook, https://HOST/rest/USER/CODE/",
     KEY_REQUIRED, portal_read_url},
    {"portal", "token-file", NULL,
     "secret: the outbound webhook's token; several lines while it is being rotated", KEY_REPEATED,
     portal_read_token},
    {"portal", "robot-key-file", NULL,
     "secret: the key in the URL of robots' webhooks; without it robots are refused", KEY_REPEATED,
     portal_read_robot_key},
    {"portal", "plan", "standard",
     "standard: 2 requests/s, burst 50; enterprise: 5/s, 250; self-hosted: unlimited", KEY_ONCE,
     portal_read_plan},
    {"portal", "share", "100%",
     "the part of that rate to use; the rest is left to others on the same address", KEY_ONCE,
     portal_read_share},
    {"portal", "timezone", "Europe/Moscow", "of dates and working hours", KEY_ONCE,
     portal_read_zone},
    {"portal", "debounce", "500ms", "updates of one entity gather this long, 0s to 10s", KEY_ONCE,
     portal_read_debounce},

    {"calendar", "hours", NULL,
     "working hours, \"Mon-Fri 09:00-18:00\", or of one day, \"2026-12-31 off\"",
     KEY_REQUIRED_REPEATED, calendar_read_hours},
    {"calendar", "holidays", NULL,
     "a file of days off, one YYYY-MM-DD a line; \"work 09:00-18:00\" behind it moves one",
     KEY_REPEATED, calendar_read_holidays},
    {"calendar", "timezone", NULL, "of these hours, when it is not the portal's", KEY_ONCE,
     calendar_read_zone},

    {"team", "members", NULL, "users: ids, e-mails, \"First Last\", separated by commas",
     KEY_REQUIRED_REPEATED, team_read_members},
    {"team", "order", "round-robin", "who is next: round-robin, least-busy or random", KEY_ONCE,
     team_read_order},
    {"team", "skip", "nobody", "absent: those who are away are passed over; or nobody", KEY_ONCE,
     team_read_skip},
    {"team", "fallback", NULL, "a user, or head of \"DEPARTMENT\", when nobody is left", KEY_ONCE,
     team_read_fallback},

    {"substitute", "deputy", NULL, "who gets what would go to the user while he is away",
     KEY_REQUIRED, substitute_read_deputy},
    {"substitute", "from", NULL,
     "the first day; without days he is away when the portal's calendar has him absent", KEY_ONCE,
     substitute_read_from},
    {"substitute", "until", NULL, "the last day", KEY_ONCE, substitute_read_until},
    {"substitute", "return", "yes",
     "what the deputy was given and is still open goes back when the user is there again; or no",
     KEY_ONCE, substitute_read_return},
};

enum { KEYS = sizeof keys / sizeof keys[0] };

const struct config_key *config_keys(size_t *ret_count)
{
    *ret_count = KEYS;
    return keys;
}

/* An indented line below a value that has one line only is most often a mistake. */
static bool check_form(struct loading *l, const struct given *g)
{
    const char *key = g->entry->key;
    if (g->text[0] == '\0')
        return given_bad(l, g, 0, "\"%s\" is empty", key);
    const char *second = strchr(g->text, '\n');
    if (second == NULL || strcmp(key, "members") == 0)
        return true;
    return given_bad(l, g, (size_t)(second + 1 - g->text),
                     "\"%s\" has one line; an indented line continues the one above", key);
}

static void read_entry(struct loading *l, const struct config_key *key,
                       const struct ini_entry *entry)
{
    const struct given g = {.text = entry->value, .entry = entry, .at = entry->value_at};
    bool good = check_form(l, &g) && key->read(l, &g);
    (void)good; /* what is wrong has been said */
}

static void read_default(struct loading *l, const struct config_key *key, struct place at)
{
    const struct given g = {.text = key->fallback, .at = at};
    bool good = key->read(l, &g);
    (void)good;
}

static bool repeats(const struct config_key *key)
{
    return key->times == KEY_REPEATED || key->times == KEY_REQUIRED_REPEATED;
}

static bool is_required(const struct config_key *key)
{
    return key->times == KEY_REQUIRED || key->times == KEY_REQUIRED_REPEATED;
}

static void read_key(struct loading *l, const struct config_key *key, struct place at)
{
    const struct ini_entry *first = NULL;
    size_t cursor = 0;
    const struct ini_entry *entry = NULL;
    while (l->section != NULL && (entry = ini_take(l->section, key->name, &cursor)) != NULL) {
        if (first != NULL && !repeats(key))
            (void)diag_add(l->diag, entry->key_at, "\"%s\" stands twice, first in line %d",
                           key->name, first->key_at.line);
        else
            read_entry(l, key, entry);
        if (first == NULL)
            first = entry;
    }
    if (first != NULL)
        return;
    if (key->fallback != NULL)
        read_default(l, key, at);
    else if (is_required(key) && l->section != NULL)
        (void)diag_add(l->diag, at, "[%s] lacks \"%s\": %s", l->section->head, key->name,
                       key->help);
}

static void complain_unknown(struct loading *l, const char *const *names, size_t count)
{
    for (size_t i = 0; i < l->section->count; i++) {
        const struct ini_entry *entry = &l->section->entries[i];
        if (!entry->used)
            (void)suggest(l->diag, entry->key_at, "key", entry->key, names, count);
    }
}

void keys_read(struct loading *l, const char *section_word, struct place at)
{
    const char *names[KEYS];
    size_t count = 0;
    for (size_t i = 0; i < KEYS; i++) {
        if (strcmp(keys[i].section, section_word) != 0)
            continue;
        names[count++] = keys[i].name;
        read_key(l, &keys[i], at);
    }
    if (l->section != NULL)
        complain_unknown(l, names, count);
}
