#include "daemon/cli/difference.h"

#include <string.h>

#include "common/jv.h"
#include "common/log.h"
#include "common/mem.h"

static bool same_text(const char *a, const char *b)
{
    return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

/* Takes the sentence. */
static void note(json_t *changes, const char *what, const char *name, char *say)
{
    json_array_append_new(changes,
                          json_pack("{s:s, s:o, s:b, s:o}", "what", what, "name",
                                    jv_string_new(name), "restart", 0, "say", jv_string_new(say)));
    mem_free(say);
}

/* ---- rules ----------------------------------------------------------------------------------- */

static void tell_rules(const struct ruleset *old, const struct ruleset *new, json_t *changes)
{
    for (size_t i = 0; i < new->count; i++) {
        const char *name = new->rules[i].name;
        const struct rule *before = ruleset_find(old, name);
        if (before == NULL) {
            log_info("rule added rule=\"%s\"", name);
            note(changes, "rule", name, mem_printf("rule \"%s\" added", name));
        } else if (before->version != new->rules[i].version) {
            log_info("rule changed, its runs go on by the new text rule=\"%s\"", name);
            note(changes, "rule", name,
                 mem_printf("rule \"%s\" changed: its runs go on by the new text", name));
        }
    }
    for (size_t i = 0; i < old->count; i++) {
        const char *name = old->rules[i].name;
        if (ruleset_find(new, name) != NULL)
            continue;
        log_info("rule removed, its runs are cancelled rule=\"%s\"", name);
        note(changes, "rule", name,
             mem_printf("rule \"%s\" removed: its runs are cancelled", name));
    }
}

/* ---- sections and their keys ----------------------------------------------------------------- */

/* Rules and their steps have their own names and are told of by those. */
static bool is_told_by_key(const struct ini_section *section)
{
    static const char *const words[] = {"server", "portal", "calendar", "team", "substitute"};
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

static bool takes_restart(const struct ini_section *section, const char *key)
{
    static const char *const stay[] = {"listen", "admin", "database", "max-queue"};
    for (size_t i = 0; i < sizeof stay / sizeof stay[0]; i++)
        if (strcmp(section->head, "server") == 0 && strcmp(key, stay[i]) == 0)
            return true;
    return false;
}

static void tell_key(const struct ini_section *section, const char *key, json_t *changes)
{
    if (!takes_restart(section, key)) {
        log_info("key changed section=\"%s\" key=%s", section->head, key);
        note(changes, "key", key, mem_printf("[%s] %s changed", section->head, key));
        return;
    }
    log_warning("key changed, which takes a restart: the old value stays in use "
                "section=\"%s\" key=%s",
                section->head, key);
    note(changes, "key", key,
         mem_printf("[%s] %s changed, which takes a restart: the old value stays in use",
                    section->head, key));
    json_object_set_new(json_array_get(changes, json_array_size(changes) - 1), "restart",
                        json_true());
}

/* Keys of `a`; of those that `b` has too only when `b` is the older one, so that each is told of
 * once. */
static void tell_keys(const struct ini_section *a, const struct ini_section *b, bool common,
                      json_t *changes)
{
    for (size_t i = 0; i < a->count; i++) {
        const struct ini_entry *entry = &a->entries[i];
        bool first = find_entry(a, entry->key, 0) == entry;
        bool both = find_entry(b, entry->key, 0) != NULL;
        if (first && (common || !both) && !same_values(a, b, entry->key))
            tell_key(a, entry->key, changes);
    }
}

static void tell_section(const struct config *old, const struct ini_section *section,
                         json_t *changes)
{
    const struct ini_section *before = find_section(old, section->head);
    if (before == NULL) {
        log_info("section added section=\"%s\"", section->head);
        note(changes, "section", section->head, mem_printf("[%s] added", section->head));
        return;
    }
    tell_keys(section, before, true, changes);
    tell_keys(before, section, false, changes);
}

static void tell_removed(const struct ini_section *section, json_t *changes)
{
    bool portal = strncmp(section->head, "portal ", strlen("portal ")) == 0;
    log_info("section removed%s section=\"%s\"",
             portal ? ", its runs and events stay until it is back" : "", section->head);
    note(changes, "section", section->head,
         mem_printf("[%s] removed%s", section->head,
                    portal ? ": its runs and events stay until it is back" : ""));
}

static void tell_sections(const struct config *old, const struct config *new, json_t *changes)
{
    for (int i = 0; i < new->file_count; i++)
        for (size_t k = 0; k < new->files[i]->count; k++)
            if (is_told_by_key(&new->files[i]->sections[k]))
                tell_section(old, &new->files[i]->sections[k], changes);
    for (int i = 0; i < old->file_count; i++)
        for (size_t k = 0; k < old->files[i]->count; k++) {
            const struct ini_section *section = &old->files[i]->sections[k];
            if (is_told_by_key(section) && find_section(new, section->head) == NULL)
                tell_removed(section, changes);
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

/* How many of the new ones are not among the old ones. */
static int count_new(char *const *old, int old_count, char *const *new, int new_count)
{
    int count = new_count;
    for (int i = 0; i < new_count; i++)
        for (int k = 0; k < old_count; k++)
            if (strcmp(old[k], new[i]) == 0) {
                count--;
                break;
            }
    return count;
}

static void tell_list(const char *portal, const char *what, char *const *old, int old_count,
                      char *const *new, int new_count, json_t *changes)
{
    if (same_texts(old, old_count, new, new_count))
        return;
    int added = count_new(old, old_count, new, new_count);
    int gone = count_new(new, new_count, old, old_count);
    log_info("secret changed portal=%s what=%s count=%d added=%d gone=%d", portal, what, new_count,
             added, gone);
    note(changes, "secret", what,
         mem_printf("%s of portal \"%s\" changed: %d added, %d gone, %d in use", what, portal,
                    added, gone, new_count));
}

static void tell_secrets(const struct config_portal *old, const struct config_portal *new,
                         json_t *changes)
{
    if (!same_text(old->url, new->url)) {
        log_info("secret changed portal=%s what=url", new->name);
        note(changes, "secret", "url", mem_printf("url of portal \"%s\" changed", new->name));
    }
    tell_list(new->name, "token", old->tokens, old->token_count, new->tokens, new->token_count,
              changes);
    tell_list(new->name, "robot-key", old->robot_keys, old->robot_key_count, new->robot_keys,
              new->robot_key_count, changes);
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

/* Only where both have the calendar: of a new one its section is told. */
static void tell_holidays(const struct config *old, const struct config *new, json_t *changes)
{
    for (int i = 0; i < new->calendar_count; i++) {
        const struct config_calendar *is = &new->calendars[i];
        const struct config_calendar *was = config_calendar(old, is->name);
        if (was == NULL || was->holidays_digest == is->holidays_digest)
            continue;
        log_info("holidays changed calendar=\"%s\"", is->name);
        note(changes, "list", is->name,
             mem_printf("holidays of calendar \"%s\" changed", is->name));
    }
}

static void tell_files(const struct config *old, const struct config *new, json_t *changes)
{
    for (int i = 0; i < new->portal_count; i++) {
        const struct config_portal *before = config_portal(old, new->portals[i].name);
        if (before != NULL)
            tell_secrets(before, &new->portals[i], changes);
    }
    if (!same_text(old->admin_token, new->admin_token)) {
        log_info("secret changed what=admin-token");
        note(changes, "secret", "admin-token", mem_strdup("the admin token changed"));
    }
    if (!same_senders(old, new)) {
        log_info("list of senders changed senders=%d", new->sender_count);
        note(changes, "list", "senders",
             mem_printf("the list of senders changed: %d", new->sender_count));
    }
    tell_holidays(old, new, changes);
}

void difference_tell(const struct config *old, const struct config *new, json_t *changes)
{
    tell_sections(old, new, changes);
    tell_files(old, new, changes);
    tell_rules(old->rules, new->rules, changes);
}
