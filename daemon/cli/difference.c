#include "daemon/cli/difference.h"

#include <string.h>

#include "common/log.h"

static bool same_text(const char *a, const char *b)
{
    return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

/* ---- rules ----------------------------------------------------------------------------------- */

static void tell_rules(const struct ruleset *old, const struct ruleset *new)
{
    for (size_t i = 0; i < new->count; i++) {
        const struct rule *before = ruleset_find(old, new->rules[i].name);
        if (before == NULL)
            log_info("rule added rule=\"%s\"", new->rules[i].name);
        else if (before->version != new->rules[i].version)
            log_info("rule changed, its runs go on by the new text rule=\"%s\"",
                     new->rules[i].name);
    }
    for (size_t i = 0; i < old->count; i++)
        if (ruleset_find(new, old->rules[i].name) == NULL)
            log_info("rule removed, its runs are cancelled rule=\"%s\"", old->rules[i].name);
}

/* ---- sections and their keys ----------------------------------------------------------------- */

/* Rules and their steps have their own names and are told of by those. */
static bool is_told_by_key(const struct ini_section *section)
{
    static const char *const words[] = {"server", "portal", "calendar", "team"};
    size_t size = strcspn(section->head, " ");
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (strlen(words[i]) == size && strncmp(words[i], section->head, size) == 0)
            return true;
    return false;
}

static const struct ini_section *find_section(const struct config *c, const char *head)
{
    for (int i = 0; i < c->file_count; i++)
        for (size_t k = 0; k < c->files[i]->count; k++)
            if (strcmp(c->files[i]->sections[k].head, head) == 0)
                return &c->files[i]->sections[k];
    return NULL;
}

/* The n-th entry of that key, NULL when there are fewer. */
static const struct ini_entry *find_entry(const struct ini_section *section, const char *key,
                                          size_t n)
{
    for (size_t i = 0; i < section->count; i++)
        if (strcmp(section->entries[i].key, key) == 0 && n-- == 0)
            return &section->entries[i];
    return NULL;
}

/* Do both have the same values of that key, in the same order? */
static bool same_values(const struct ini_section *a, const struct ini_section *b, const char *key)
{
    const struct ini_entry *left, *right;
    size_t n = 0;
    do {
        left = find_entry(a, key, n);
        right = find_entry(b, key, n++);
        if (left == NULL || right == NULL)
            return left == right;
    } while (strcmp(left->value, right->value) == 0);
    return false;
}

static void tell_key(const struct ini_section *section, const char *key)
{
    static const char *const stay[] = {"listen", "admin", "database", "max-queue"};
    for (size_t i = 0; i < sizeof stay / sizeof stay[0]; i++)
        if (strcmp(section->head, "server") == 0 && strcmp(key, stay[i]) == 0) {
            log_warning("key changed, which takes a restart: the old value stays in use "
                        "section=\"%s\" key=%s",
                        section->head, key);
            return;
        }
    log_info("key changed section=\"%s\" key=%s", section->head, key);
}

/* Keys of `a`; of those that `b` has too only when `b` is the older one, so that each is told of
 * once. */
static void tell_keys(const struct ini_section *a, const struct ini_section *b, bool common)
{
    for (size_t i = 0; i < a->count; i++) {
        const struct ini_entry *entry = &a->entries[i];
        bool first = find_entry(a, entry->key, 0) == entry;
        bool both = find_entry(b, entry->key, 0) != NULL;
        if (first && (common || !both) && !same_values(a, b, entry->key))
            tell_key(a, entry->key);
    }
}

static void tell_section(const struct config *old, const struct ini_section *section)
{
    const struct ini_section *before = find_section(old, section->head);
    if (before == NULL) {
        log_info("section added section=\"%s\"", section->head);
        return;
    }
    tell_keys(section, before, true);
    tell_keys(before, section, false);
}

static void tell_sections(const struct config *old, const struct config *new)
{
    for (int i = 0; i < new->file_count; i++)
        for (size_t k = 0; k < new->files[i]->count; k++)
            if (is_told_by_key(&new->files[i]->sections[k]))
                tell_section(old, &new->files[i]->sections[k]);
    for (int i = 0; i < old->file_count; i++)
        for (size_t k = 0; k < old->files[i]->count; k++) {
            const struct ini_section *section = &old->files[i]->sections[k];
            if (is_told_by_key(section) && find_section(new, section->head) == NULL)
                log_info("section removed section=\"%s\"", section->head);
        }
}

/* ---- what stands in files of its own --------------------------------------------------------- */

static bool same_texts(char *const *a, int a_count, char *const *b, int b_count)
{
    bool same = a_count == b_count;
    for (int i = 0; same && i < a_count; i++)
        same = same_text(a[i], b[i]);
    return same;
}

static void tell_secrets(const struct config_portal *old, const struct config_portal *new)
{
    if (!same_text(old->url, new->url))
        log_info("secret changed portal=%s what=url", new->name);
    if (!same_texts(old->tokens, old->token_count, new->tokens, new->token_count))
        log_info("secret changed portal=%s what=token tokens=%d", new->name, new->token_count);
    if (!same_texts(old->robot_keys, old->robot_key_count, new->robot_keys, new->robot_key_count))
        log_info("secret changed portal=%s what=robot-key keys=%d", new->name,
                 new->robot_key_count);
}

static bool same_senders(const struct config *old, const struct config *new)
{
    bool same = old->sender_count == new->sender_count;
    for (int i = 0; same && i < new->sender_count; i++)
        same = old->senders[i].bits ==
                   new->senders[i].bits &&net_holds(&old->senders[i],
                                                    (const struct sockaddr *)&new->senders[i].sa) &&
               net_holds(&new->senders[i], (const struct sockaddr *)&old->senders[i].sa);
    return same;
}

static void tell_files(const struct config *old, const struct config *new)
{
    for (int i = 0; i < new->portal_count; i++) {
        const struct config_portal *before = config_portal(old, new->portals[i].name);
        if (before != NULL)
            tell_secrets(before, &new->portals[i]);
    }
    if (!same_text(old->admin_token, new->admin_token))
        log_info("secret changed what=admin-token");
    if (!same_senders(old, new))
        log_info("list of senders changed senders=%d", new->sender_count);
}

void difference_log(const struct config *old, const struct config *new)
{
    tell_sections(old, new);
    tell_files(old, new);
    tell_rules(old->rules, new->rules);
}
