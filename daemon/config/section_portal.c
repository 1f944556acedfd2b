#include "daemon/config/section_portal.h"

#include <string.h>

#include "common/mem.h"
#include "common/secret.h"
#include "daemon/config/hook.h"

/* bitrix24.md §5: requests that leak out a second, requests that fit. */
static const struct plan {
    const char *word;
    double drain, size;
} plans[] = {
    {"standard", 2, 50},
    {"enterprise", 5, 250},
    {"self-hosted", 0, 0},
};

enum { PLANS = sizeof plans / sizeof plans[0] };

static void begin(struct loading *l, const char *name, struct place at)
{
    struct config *c = l->config;
    c->portals = mem_grow(c->portals, (size_t)c->portal_count + 1, sizeof *c->portals);
    l->portal = &c->portals[c->portal_count++];
    *l->portal = (struct config_portal){.name = mem_strdup(name), .config = c, .at = at};
}

bool portal_read_url(struct loading *l, const struct given *g)
{
    char *text = value_secret(l, g);
    if (text == NULL)
        return false;
    struct err err = {0};
    bool parsed = hook_parse(text, &l->portal->url, &l->portal->site, &err);
    secret_free(text);
    return parsed || given_bad(l, g, 0, "the URL in \"%s\" %s", g->text, err.text);
}

static bool add_secret(struct loading *l, const struct given *g, char **list, int *count)
{
    if (*count == CONFIG_MOST_TOKENS)
        return given_bad(l, g, 0, "more than %d lines of this key", CONFIG_MOST_TOKENS);
    char *secret = value_secret(l, g);
    if (secret == NULL)
        return false;
    list[(*count)++] = secret;
    l->portal->secrets[l->portal->token_count + l->portal->robot_key_count - 1] = secret;
    return true;
}

bool portal_read_token(struct loading *l, const struct given *g)
{
    return add_secret(l, g, l->portal->tokens, &l->portal->token_count);
}

bool portal_read_robot_key(struct loading *l, const struct given *g)
{
    return add_secret(l, g, l->portal->robot_keys, &l->portal->robot_key_count);
}

bool portal_read_plan(struct loading *l, const struct given *g)
{
    const char *words[PLANS];
    for (size_t i = 0; i < PLANS; i++)
        words[i] = plans[i].word;
    size_t which;
    if (!value_word(l, g, "plan", words, PLANS, &which))
        return false;
    l->portal->drain = plans[which].drain;
    l->portal->size = plans[which].size;
    return true;
}

bool portal_read_share(struct loading *l, const struct given *g)
{
    return value_percent(l, g, &l->portal->share);
}

bool portal_read_zone(struct loading *l, const struct given *g)
{
    struct err err = {0};
    l->portal->zone = zone_load(g->text, &err);
    return l->portal->zone != NULL || given_bad(l, g, 0, "%s", err.text);
}

bool portal_read_debounce(struct loading *l, const struct given *g)
{
    int64_t ms;
    if (!value_ms(l, g, (struct range){0, 10000, "0s to 10s"}, &ms))
        return false;
    l->portal->debounce_ms = (int)ms;
    return true;
}

/* Is the key written in the section, rightly or not? */
static bool is_given(const struct loading *l, const char *key)
{
    for (size_t i = 0; i < l->section->count; i++)
        if (strcmp(l->section->entries[i].key, key) == 0)
            return true;
    return false;
}

static void finish(struct loading *l)
{
    if (!is_given(l, "token-file") && !is_given(l, "robot-key-file"))
        (void)diag_add(l->diag, l->portal->at,
                       "[portal %s] lacks \"token-file\" (or \"robot-key-file\", when only robots "
                       "call): every event would be refused",
                       l->portal->name);
}

const struct section_kind section_portal = {"portal", true, begin, finish};
