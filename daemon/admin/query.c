#include "daemon/admin/query.h"

#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/duration.h"
#include "common/jv.h"
#include "common/mem.h"
#include "common/near.h"
#include "daemon/model/need.h"

enum { MOST_WORDS = 16 };

bool query_portal(struct admin *a, const json_t *query, int64_t *ret, struct err *err)
{
    const char *name = jv_text(query, "portal", "");
    *ret = 0;
    if (name[0] == '\0')
        return true;
    for (int i = 0; i < a->options.config->portal_count; i++)
        if (strcmp(a->options.config->portals[i].name, name) == 0)
            *ret = a->options.portal_ids[i];
    return *ret != 0 || err_set(err, "no portal \"%s\" in the configuration", name);
}

const char *query_portal_name(const struct admin *a, int64_t portal)
{
    for (int i = 0; i < a->options.config->portal_count; i++)
        if (a->options.portal_ids[i] == portal)
            return a->options.config->portals[i].name;
    return "";
}

bool query_rule(struct admin *a, const json_t *query, const char **ret, struct err *err)
{
    const struct ruleset *rules = a->options.config->rules;
    const char *name = jv_text(query, "rule", "");
    *ret = name;
    if (name[0] == '\0' || ruleset_find(rules, name) != NULL)
        return true;
    const char **names = mem_array(rules->count + 1, sizeof *names);
    for (size_t i = 0; i < rules->count; i++)
        names[i] = rules->rules[i].name;
    const char *near = near_name(name, names, rules->count);
    mem_free(names);
    if (near != NULL)
        return err_set(err, "no rule \"%s\" in the configuration; did you mean \"%s\"?", name,
                       near);
    return err_set(err, "no rule \"%s\" in the configuration", name);
}

bool query_id(const json_t *query, const char *name, int64_t *ret, struct err *err)
{
    const char *text = jv_text(query, name, "");
    char *end = NULL;
    *ret = 0;
    if (text[0] == '\0')
        return true;
    *ret = strtoll(text, &end, 10);
    return (*end == '\0' && *ret > 0) || err_set(err, "\"%.40s\" is no number of a %s", text, name);
}

/* ---- entities -------------------------------------------------------------------------------- */

/* What the portals' smart processes are called, as far as it was learnt. 0: none of that title. */
static int type_of_title(struct admin *a, const char *title)
{
    char need[NEED_SIZE];
    need_print(NEED_TYPES, "", need);
    for (int i = 0; i < a->options.config->portal_count; i++) {
        JV_AUTO *names = NULL;
        struct err ignored = {0};
        size_t k;
        json_t *row;
        if (!store_read_names(a->reader, a->options.portal_ids[i], 0, &names, &ignored))
            continue;
        json_array_foreach (json_object_get(json_object_get(names, need), "value"), k, row)
            if (strcmp(jv_text(row, "title", ""), title) == 0)
                return (int)jv_int(row, "id", 0);
    }
    return 0;
}

/* `item "Отгрузка товара" 7`: what stands between is a title, unless it is a number. */
static bool parse_titled(struct admin *a, const char *text, struct entity *ret, struct err *err)
{
    const char *title = text + strlen("item ");
    const char *id = strrchr(text, ' ') + 1;
    char number[16];
    if (id <= title)
        return err_set(err, "an item is written as \"item TYPE ID\", for example \"item 147 22\"");
    char *name = mem_strndup(title, (size_t)(id - 1 - title));
    int type = type_of_title(a, name);
    (void)snprintf(number, sizeof number, "%d", type);
    const char *words[] = {"item", number, id};
    bool good = type != 0 ? entity_parse(words, 3, ret, err)
                          : err_set(err,
                                    "no smart process \"%.80s\" is known; its number would do: "
                                    "\"item 147 %.20s\"",
                                    name, id);
    mem_free(name);
    return good;
}

static bool is_titled(const char *text)
{
    const char *second = text + strlen("item ");
    return strncmp(text, "item ", strlen("item ")) == 0 &&
           strspn(second, "0123456789") != strcspn(second, " ");
}

bool query_entity(struct admin *a, const json_t *query, struct entity *ret, struct err *err)
{
    const char *given = jv_text(query, "entity", "");
    if (strcmp(given, TRACE_OPERATOR) == 0) {
        *ret = (struct entity){.type = ENTITY_NONE, .id = TRACE_OPERATOR};
        return true;
    }
    if (is_titled(given))
        return parse_titled(a, given, ret, err);
    char *text = mem_strdup(given);
    const char *words[MOST_WORDS];
    size_t count = 0;
    char *rest = NULL;
    for (char *word = strtok_r(text, " ", &rest); word != NULL && count < MOST_WORDS;
         word = strtok_r(NULL, " ", &rest))
        words[count++] = word;
    bool ok = count > 0 ? entity_parse(words, count, ret, err)
                        : err_set(err, "no entity; \"entity=deal 123\" would be right");
    mem_free(text);
    return ok;
}

/* ---- filters --------------------------------------------------------------------------------- */

static bool parse_state(const json_t *query, enum run_state *ret, struct err *err)
{
    const char *word = jv_text(query, "state", "");
    *ret = (enum run_state)0;
    return word[0] == '\0' || run_state_parse(word, ret) ||
           err_set(err,
                   "unknown state \"%s\": known are ready, waiting, running, done, cancelled, "
                   "dead, parked",
                   word);
}

/* "2h" is two hours ago; "2026-01-20 18:00" is that moment in the portal's zone. */
static bool parse_time(const struct config_portal *portal, const json_t *query, const char *name,
                       int64_t *ret, struct err *err)
{
    const char *text = jv_text(query, name, "");
    struct duration ago;
    struct moment moment;
    struct err ignored = {0};
    size_t at;
    int64_t now_ms = clock_wall_ms();
    *ret = 0;
    if (text[0] == '\0')
        return true;
    if (duration_parse(text, &ago, &at, &ignored) && ago.unit == DURATION_PLAIN)
        return duration_apply(&ago, -1, now_ms, NULL, ret, err);
    if (moment_parse(text, &moment, &at, &ignored) && !moment_needs_calendar(&moment))
        return moment_reckon(&moment, now_ms, portal->zone, NULL, ret, err);
    return err_set(err,
                   "%s: \"%.40s\" is no time; \"2h\" (ago) or \"2026-01-20 18:00\" would be right",
                   name, text);
}

bool query_filter(struct admin *a, const json_t *query, struct entity *entity,
                  struct run_filter *ret, struct err *err)
{
    const struct config *config = a->options.config;
    const struct config_portal *portal = config_portal(config, jv_text(query, "portal", ""));
    if (portal == NULL)
        portal = &config->portals[0];
    *ret = (struct run_filter){.rule = jv_text(query, "rule", ""),
                               .reason = jv_text(query, "reason", NULL)};
    bool about = json_object_get(query, "entity") != NULL;
    if (!query_portal(a, query, &ret->portal, err) || !parse_state(query, &ret->state, err) ||
        !parse_time(portal, query, "since", &ret->since_ms, err) ||
        !parse_time(portal, query, "until", &ret->until_ms, err) ||
        (about && !query_entity(a, query, entity, err)))
        return false;
    ret->entity = about ? entity : NULL;
    return true;
}
