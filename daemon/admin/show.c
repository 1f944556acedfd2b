#include "daemon/admin/show.h"

#include <string.h>

#include "common/jv.h"
#include "common/mem.h"

static const struct zone *zone_of(const struct config *config, const char *portal)
{
    const struct config_portal *found = config_portal(config, portal);
    if (found == NULL && config->portal_count > 0)
        found = &config->portals[0];
    return found != NULL ? found->zone : NULL;
}

static bool is_time(const char *name)
{
    size_t length = strlen(name);
    return length > 3 && strcmp(name + length - 3, "_ms") == 0;
}

/* What came from the portal or a rule is shown as it is, whatever its members are called. */
static bool is_foreign(const char *name)
{
    return strcmp(name, "params") == 0 || strcmp(name, "result") == 0 ||
           strcmp(name, "detail") == 0 || strcmp(name, "labels") == 0;
}

/* jansson does not like members to come and go under its iterator: the names first. */
static void show_members(const struct zone *zone, json_t *object)
{
    JV_AUTO *names = json_array();
    const char *name;
    json_t *member;
    json_object_foreach (object, name, member)
        if (is_time(name))
            json_array_append_new(names, json_string(name));
    size_t i;
    json_t *text;
    json_array_foreach (names, i, text) {
        const char *old = json_string_value(text);
        int64_t ms = jv_int(object, old, 0);
        char *shown = mem_strndup(old, strlen(old) - 3);
        char iso[26] = "";
        if (ms > 0 && zone != NULL)
            zone_iso(zone, ms, iso);
        json_object_set_new(object, shown, ms > 0 ? json_string(iso) : json_null());
        (void)json_object_del(object, old);
        mem_free(shown);
    }
}

static void show_cancels(const struct config *config, json_t *run)
{
    const struct rule *rule = ruleset_find(config->rules, jv_text(run, "rule", ""));
    json_t *cancels = json_array();
    for (size_t i = 0; rule != NULL && i < rule->cancel_count; i++)
        json_array_append_new(cancels, json_string(rule->cancels[i].text));
    for (size_t i = 0; rule != NULL && i < rule->cancel_if_count; i++)
        json_array_append_new(cancels, json_string(expr_text(rule->cancel_ifs[i])));
    json_object_set_new(run, "cancels", cancels);
}

static void show(const struct config *config, const struct zone *zone, json_t *value)
{
    const char *name;
    size_t i;
    json_t *member;
    json_array_foreach (value, i, member)
        show(config, zone, member);
    if (!json_is_object(value))
        return;
    const char *portal = jv_text(value, "portal", "");
    const struct zone *own = portal[0] != '\0' ? zone_of(config, portal) : zone;
    /* Dead letters have both as well, but are many runs. */
    bool run = json_object_get(value, "rule") != NULL && json_object_get(value, "state") != NULL &&
               json_object_get(value, "count") == NULL;
    json_object_foreach (value, name, member)
        if (!is_foreign(name))
            show(config, own, member);
    show_members(own, value);
    if (run)
        show_cancels(config, value);
}

void show_times(const struct config *config, json_t *value)
{
    show(config, zone_of(config, ""), value);
}
