#include "daemon/rules/load.h"

#include <stdio.h>
#include <string.h>

#include "common/mem.h"
#include "common/utf8.h"
#include "daemon/model/run.h"
#include "daemon/rules/head.h"
#include "daemon/rules/read.h"
#include "daemon/rules/signal.h"
#include "daemon/rules/speaks.h"
#include "daemon/rules/suggest.h"
#include "daemon/rules/timer.h"
#include "daemon/rules/trigger.h"

static void load_title(struct loader *loader, struct rule *rule, const struct ini_entry *entry)
{
    if (entry->value[0] == '\0')
        (void)diag_add(loader->diag, entry->value_at, "\"title\" is empty");
    else
        rule->title = mem_strdup(entry->value);
}

enum { KIND_TEXT = 96 };

static const char *kind_text(const struct loader *loader, int type, char out[KIND_TEXT])
{
    const char *title = titles_unknown(loader->titles, type);
    if (title != NULL)
        (void)snprintf(out, KIND_TEXT, "item \"%.*s\"", (int)utf8_prefix(title, 20), title);
    else if (type >= ENTITY_ITEM)
        (void)snprintf(out, KIND_TEXT, "item %d", type);
    else
        (void)snprintf(out, KIND_TEXT, "%s", entity_kind_of(type)->word);
    return out;
}

/* One rule speaks of one kind, else {{deal.title}} would mean nothing half of the time. */
static bool same_kind(struct loader *loader, struct rule *rule, const struct trigger *trigger)
{
    if (trigger->entity_type == ENTITY_NONE)
        return true;
    if (rule->entity_type == ENTITY_NONE)
        rule->entity_type = trigger->entity_type;
    if (rule->entity_type == trigger->entity_type)
        return true;
    char ours[KIND_TEXT], theirs[KIND_TEXT];
    return diag_add(loader->diag, trigger->at,
                    "the rule speaks of \"%s\", a trigger of \"%s\" belongs to another rule",
                    kind_text(loader, rule->entity_type, ours),
                    kind_text(loader, trigger->entity_type, theirs));
}

/* A client's call says nothing of deals or leads: the rest of the rule has to. */
static bool signal_has_subject(struct loader *loader, const struct rule *rule,
                               const struct trigger *trigger)
{
    char kind[KIND_TEXT];
    if (rule->entity_type == ENTITY_NONE)
        return diag_add(
            loader->diag, trigger->at,
            "nothing in the rule says whose \"%s\" is meant: let a condition or a text "
            "name a deal, lead, contact or company, for example if = deal.stage = @open",
            trigger->name);
    return signal_suits(rule->entity_type, (enum signal)trigger->signal) ||
           diag_add(loader->diag, trigger->at,
                    "\"%s\" is told to leads, deals, contacts, companies, quotes, invoices and "
                    "items; the rule speaks of \"%s\"",
                    trigger->name, kind_text(loader, rule->entity_type, kind));
}

static bool is_all_about_calls(const struct rule *rule)
{
    bool all = rule->trigger_count > 0;
    for (size_t i = 0; i < rule->trigger_count; i++)
        all = all && rule->triggers[i].kind == TRIGGER_SIGNAL &&
              signal_is_of_call((enum signal)rule->triggers[i].signal);
    return all;
}

static void settle_signals(struct loader *loader, struct rule *rule)
{
    if (rule->entity_type == ENTITY_NONE && is_all_about_calls(rule))
        rule->entity_type = ENTITY_CALL;
    for (size_t i = 0; i < rule->trigger_count; i++)
        if (rule->triggers[i].kind == TRIGGER_SIGNAL &&
            signal_has_subject(loader, rule, &rule->triggers[i]))
            rule->triggers[i].entity_type = rule->entity_type;
}

static void load_trigger(struct loader *loader, struct rule *rule, const struct ini_entry *entry,
                         bool cancel)
{
    const struct trigger_frame frame = {
        .entity_type = rule->entity_type, .cancel = cancel, .titles = loader->titles};
    struct trigger trigger;
    if (!trigger_parse(entry, &frame, &trigger, loader->diag))
        return;
    bool deaf =
        cancel && trigger.kind == TRIGGER_SIGNAL && !signal_has_subject(loader, rule, &trigger);
    if (deaf || !same_kind(loader, rule, &trigger)) {
        trigger_done(&trigger);
        return;
    }
    struct trigger **list = cancel ? &rule->cancels : &rule->triggers;
    size_t *count = cancel ? &rule->cancel_count : &rule->trigger_count;
    *list = mem_grow(*list, *count + 1, sizeof **list);
    (*list)[(*count)++] = trigger;
}

static void load_on(struct loader *loader, struct rule *rule, const struct ini_entry *entry)
{
    load_trigger(loader, rule, entry, false);
}

static void load_cancel(struct loader *loader, struct rule *rule, const struct ini_entry *entry)
{
    if (trigger_looks_like(entry->value)) {
        load_trigger(loader, rule, entry, true);
        return;
    }
    const struct expr_names names = {.entity_type = rule->entity_type, .has_start = true};
    load_condition(loader, entry, &names, &rule->cancel_ifs, &rule->cancel_if_count);
}

static void load_if(struct loader *loader, struct rule *rule, const struct ini_entry *entry)
{
    const struct expr_names names = {.entity_type = rule->entity_type};
    load_condition(loader, entry, &names, &rule->ifs, &rule->if_count);
}

static void load_portal(struct loader *loader, struct rule *rule, const struct ini_entry *entry)
{
    if (!load_known(loader, entry->value_at, "portal", entry->value, loader->names->portals))
        return;
    rule->portals = mem_grow(rule->portals, rule->portal_count + 1, sizeof(char *));
    rule->portals[rule->portal_count++] = mem_strdup(entry->value);
}

/* The word for "this entity" in windows: `entity`, or the kind's own. */
static const char *own_word(const struct rule *rule)
{
    const struct entity_kind *kind = entity_kind_of(rule->entity_type);
    return kind != NULL ? kind->word : NULL;
}

static bool read_window(struct loader *loader, struct read *r, int64_t *ret_ms)
{
    static const struct word units[] = {
        {"minute", 60}, {"hour", 3600}, {"day", 86400}, {"week", 7 * 86400}};
    if (!read_expect(r, "per"))
        return false;
    read_blanks(r);
    const char *text = r->entry->value + r->at;
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        if (strcmp(text, units[i].text) != 0)
            continue;
        *ret_ms = units[i].value * INT64_C(1000);
        return true;
    }
    struct duration window;
    if (!load_duration(loader, r->entry, r->at, &window))
        return false;
    *ret_ms = window.amount;
    return (window.unit == DURATION_PLAIN && window.amount > 0) ||
           read_bad(r, r->at, "a window is plain time such as 24h, not \"%s\"", text);
}

static bool read_stage_visit(struct read *r, const struct rule *rule)
{
    const struct entity_kind *kind = entity_kind_of(rule->entity_type);
    if (!read_expect(r, "visit") || !read_end(r))
        return false;
    return kind == NULL || kind->has_stages || read_bad(r, 0, "\"%s\" has no stages", kind->word);
}

static void load_once(struct loader *loader, struct rule *rule, const struct ini_entry *entry)
{
    const char *words[] = {"event", "entity", "stage", own_word(rule)};
    struct read r = {.entry = entry, .diag = loader->diag};
    size_t which = 0;
    if (!read_one_of(&r, entry->key, words, 4, &which))
        return;
    if (which == 2) {
        rule->once = ONCE_STAGE_VISIT;
        (void)read_stage_visit(&r, rule);
        return;
    }
    rule->once = which == 0 ? ONCE_EVENT : ONCE_ENTITY;
    read_blanks(&r);
    if (which == 0 || read_is(&r, '\0')) {
        (void)read_end(&r);
        return;
    }
    rule->once = ONCE_ENTITY_WINDOW;
    (void)read_window(loader, &r, &rule->once_window_ms);
}

static void load_calendar(struct loader *loader, struct rule *rule, const struct ini_entry *entry)
{
    if (load_known(loader, entry->value_at, "calendar", entry->value, loader->names->calendars))
        rule->calendar = mem_strdup(entry->value);
}

static void load_mode(struct loader *loader, struct rule *rule, const struct ini_entry *entry)
{
    static const struct word modes[] = {{"parallel", MODE_PARALLEL},
                                        {"single", MODE_SINGLE},
                                        {"restart", MODE_RESTART},
                                        {"queue", MODE_QUEUE},
                                        {NULL, 0}};
    int mode = MODE_PARALLEL;
    (void)load_word(loader, entry, modes, &mode);
    rule->mode = (enum rule_mode)mode;
}

static void load_late(struct loader *loader, struct rule *rule, const struct ini_entry *entry)
{
    struct read r = {.entry = entry, .diag = loader->diag};
    size_t which = 0;
    if (!read_one_of(&r, entry->key, (const char *const[]){"run", "skip"}, 2, &which))
        return;
    rule->late = which == 0 ? LATE_RUN : LATE_SKIP;
    if (which == 1 || !read_word(&r, "within")) {
        (void)read_end(&r);
        return;
    }
    read_blanks(&r);
    struct duration within;
    if (!load_duration(loader, entry, r.at, &within))
        return;
    if (within.unit != DURATION_PLAIN)
        (void)read_bad(&r, r.at, "lateness is plain time such as 90m, not \"%s\"",
                       entry->value + r.at);
    rule->late = LATE_WITHIN;
    rule->late_ms = within.amount;
}

static void load_limit(struct loader *loader, struct rule *rule, const struct ini_entry *entry)
{
    enum { MOST = 1000000 };
    const char *words[] = {"entity", own_word(rule)};
    struct read r = {.entry = entry, .diag = loader->diag};
    int64_t number = 0;
    if (!read_number(&r, &number) || number < 1 || number > MOST)
        (void)read_bad(&r, 0,
                       "a limit is a number of firings and a window: 20 per entity per hour");
    else if (read_expect(&r, "per") && read_one_of(&r, "subject of a limit", words, 2, NULL) &&
             read_window(loader, &r, &rule->limit_window_ms))
        rule->limit = (int)number;
}

static void load_state(struct loader *loader, struct rule *rule, const struct ini_entry *entry)
{
    static const struct word states[] = {
        {"on", RULE_ON}, {"off", RULE_OFF}, {"shadow", RULE_SHADOW}, {NULL, 0}};
    int state = RULE_ON;
    (void)load_word(loader, entry, states, &state);
    rule->state = (enum rule_state)state;
}

static void load_priority(struct loader *loader, struct rule *rule, const struct ini_entry *entry)
{
    static const struct word priorities[] = {{"urgent", PRIORITY_URGENT},
                                             {"normal", PRIORITY_NORMAL},
                                             {"bulk", PRIORITY_BULK},
                                             {NULL, 0}};
    (void)load_word(loader, entry, priorities, &rule->priority);
}

/* The keys of [rule] (product.md §2.1). `on` is the first: it says what the others may speak of. */
static const struct rule_key {
    const char *name;
    void (*load)(struct loader *, struct rule *, const struct ini_entry *);
    const char *fallback; /* the value when the key is absent, NULL: nothing then */
    bool repeat;
} rule_keys[] = {
    {"on", load_on, NULL, true},
    {"title", load_title, NULL, false}, /* the name, then */
    {"if", load_if, NULL, true},
    {"portal", load_portal, NULL, true},
    {"cancel-on", load_cancel, NULL, true},
    {"once-per", load_once, "event", false},
    {"mode", load_mode, "parallel", false},
    {"late", load_late, "run", false},
    {"limit", load_limit, "20 per entity per hour", false},
    {"state", load_state, "on", false},
    {"calendar", load_calendar, NULL, false},
    {"priority", load_priority, NULL, false}, /* by what fired it, then */
};
enum { RULE_KEY_COUNT = sizeof rule_keys / sizeof rule_keys[0] };

static void load_fallback(struct loader *loader, struct rule *rule, const struct rule_key *key)
{
    struct ini_entry entry = {.key = mem_strdup(key->name), .value = mem_strdup(key->fallback)};
    key->load(loader, rule, &entry);
    mem_free(entry.key);
    mem_free(entry.value);
}

static void load_key(struct loader *loader, struct ini_section *section, struct rule *rule,
                     const struct rule_key *key)
{
    size_t cursor = 0;
    const struct ini_entry *first = NULL, *entry;
    while ((entry = ini_take(section, key->name, &cursor)) != NULL) {
        if (first != NULL && !key->repeat)
            (void)diag_add(loader->diag, entry->key_at, "\"%s\" stands twice, first in line %d",
                           key->name, first->key_at.line);
        else
            key->load(loader, rule, entry);
        first = entry;
    }
    if (first == NULL && key->fallback != NULL)
        load_fallback(loader, rule, key);
}

static void complain_unknown_keys(struct loader *loader, const struct ini_section *section)
{
    const char *names[RULE_KEY_COUNT];
    for (size_t i = 0; i < RULE_KEY_COUNT; i++)
        names[i] = rule_keys[i].name;
    for (size_t i = 0; i < section->count; i++)
        if (!section->entries[i].used)
            (void)suggest(loader->diag, section->entries[i].key_at, "key", section->entries[i].key,
                          names, RULE_KEY_COUNT);
}

/* One word: it stands in command lines, in the chain of causes and in file names of people. */
static bool check_name(struct loader *loader, const struct ini_section *section, const char *name)
{
    struct place at = head_place(section, sizeof "rule");
    if (name[0] == '\0')
        return diag_add(loader->diag, section->at, "a rule needs a name: [rule NAME]");
    if (strpbrk(name, " \t|\"/\\") != NULL)
        return diag_add(loader->diag, at,
                        "a rule's name is one word without quotes and slashes, not \"%s\"", name);
    return strlen(name) < RUN_RULE_SIZE ||
           diag_add(loader->diag, at, "a rule's name has at most %d bytes", RUN_RULE_SIZE - 1);
}

static uint64_t digest_text(uint64_t digest, const char *text)
{
    /* FNV-1a, the NUL included, so that "ab","c" differs from "a","bc". */
    do {
        digest = (digest ^ (unsigned char)*text) * UINT64_C(0x100000001b3);
    } while (*text++ != '\0');
    return digest;
}

static uint64_t digest_sections(uint64_t digest, const struct ini_section *sections, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        digest = digest_text(digest, sections[i].head);
        for (size_t k = 0; k < sections[i].count; k++) {
            digest = digest_text(digest, sections[i].entries[k].key);
            digest = digest_text(digest, sections[i].entries[k].value);
        }
    }
    return digest;
}

const char *load_rule_key(size_t i)
{
    return i < RULE_KEY_COUNT ? rule_keys[i].name : NULL;
}

void load_rule(struct loader *loader, struct ini_section *section, const struct ini_section *steps,
               size_t step_count, struct rule *ret)
{
    section->used = true;
    const char *name = section->head + strcspn(section->head, " ");
    name += strspn(name, " ");
    *ret = (struct rule){.name = mem_strdup(name), .priority = -1, .at = section->at};
    uint64_t digest = digest_sections(UINT64_C(0xcbf29ce484222325), section, 1);
    ret->version = digest_sections(digest, steps, step_count);
    bool named = check_name(loader, section, name);
    size_t complaints = loader->diag->count;
    load_key(loader, section, ret, &rule_keys[0]);
    if (ret->trigger_count == 0 && complaints == loader->diag->count && named)
        (void)diag_add(loader->diag, section->at, "rule \"%s\" has no trigger: add on = …", name);
    if (ret->entity_type == ENTITY_NONE)
        ret->entity_type = speaks_of(section, steps, step_count);
    settle_signals(loader, ret);
    for (size_t i = 1; i < RULE_KEY_COUNT; i++)
        load_key(loader, section, ret, &rule_keys[i]);
    timer_check_rule(loader, section, ret);
    if (ret->title == NULL)
        ret->title = mem_strdup(name);
    complain_unknown_keys(loader, section);
    if (step_count == 0 && named)
        (void)diag_add(loader->diag, section->at,
                       "rule \"%s\" has no steps: add [then ACTION] below it", name);
}
