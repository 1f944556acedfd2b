#include "daemon/config/config.h"

#include <string.h>

#include "common/mem.h"
#include "common/secret.h"

static void portal_done(struct config_portal *p)
{
    mem_free(p->name);
    secret_free(p->url);
    mem_free(p->site);
    for (int i = 0; i < p->token_count; i++)
        secret_free(p->tokens[i]);
    for (int i = 0; i < p->robot_key_count; i++)
        secret_free(p->robot_keys[i]);
    calendar_free(p->calendar);
    zone_free(p->zone);
}

static void calendar_done(struct config_calendar *calendar, int portals)
{
    for (int i = 0; i < portals && calendar->by_portal != NULL; i++)
        calendar_free(calendar->by_portal[i]);
    mem_free(calendar->by_portal);
    zone_free(calendar->zone);
    mem_free(calendar->name);
}

static void team_done(struct team *team)
{
    for (int i = 0; i < team->member_count; i++)
        mem_free(team->members[i]);
    mem_free(team->members);
    mem_free(team->fallback);
    mem_free(team->name);
}

static void staff_done(struct staff *staff)
{
    for (int i = 0; i < staff->team_count; i++)
        team_done(&staff->teams[i]);
    for (int i = 0; i < staff->substitute_count; i++) {
        mem_free(staff->substitutes[i].user);
        mem_free(staff->substitutes[i].deputy);
    }
    mem_free(staff->teams);
    mem_free(staff->substitutes);
}

static void portals_done(struct config *c)
{
    for (int i = 0; i < c->calendar_count; i++)
        calendar_done(&c->calendars[i], c->portal_count);
    for (int i = 0; i < c->portal_count; i++)
        portal_done(&c->portals[i]);
    mem_free(c->calendars);
    mem_free(c->portals);
}

void config_free(struct config *c)
{
    if (c == NULL)
        return;
    ruleset_free(c->rules);
    portals_done(c);
    staff_done(&c->staff);
    for (char **name = c->http_allow; *name != NULL; name++)
        mem_free(*name);
    mem_free(c->http_allow);
    mem_free(c->senders);
    mem_free(c->senders_file);
    secret_free(c->admin_token);
    mem_free(c->database);
    for (int i = 0; i < c->file_count; i++)
        ini_free(c->files[i]);
    mem_free(c->files);
    mem_free(c->folder);
    mem_free(c->file);
    mem_free(c);
}

const struct config_portal *config_portal(const struct config *c, const char *name)
{
    for (int i = 0; i < c->portal_count; i++)
        if (strcmp(c->portals[i].name, name) == 0)
            return &c->portals[i];
    return NULL;
}

const struct config_calendar *config_calendar(const struct config *c, const char *name)
{
    for (int i = 0; i < c->calendar_count; i++)
        if (strcmp(c->calendars[i].name, name) == 0)
            return &c->calendars[i];
    return NULL;
}

static const struct calendar *find_calendar(const void *arg, const char *name)
{
    const struct config_portal *portal = arg;
    const struct config_calendar *calendar = config_calendar(portal->config, name);
    return calendar == NULL ? NULL : calendar->by_portal[portal - portal->config->portals];
}

static const struct calendar *default_calendar(const struct config *c,
                                               const struct config_portal *portal)
{
    if (c->calendar_count == 1)
        return c->calendars[0].by_portal[portal - c->portals];
    return portal->calendar; /* NULL when there are several */
}

void config_env(const struct config *c, const struct config_portal *portal, int64_t now_ms,
                uint64_t seed, struct rules_env *ret)
{
    *ret = (struct rules_env){
        .now_ms = now_ms,
        .zone = portal->zone,
        .portal_url = portal->site,
        .calendar = find_calendar,
        .calendar_arg = portal,
        .default_calendar = default_calendar(c, portal),
        .seed = seed,
        .staff = &c->staff,
    };
}
