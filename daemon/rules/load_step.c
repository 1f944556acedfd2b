#include "daemon/rules/load.h"

#include <string.h>

#include "common/mem.h"
#include "daemon/model/field.h"
#include "daemon/rules/action.h"
#include "daemon/rules/head.h"
#include "daemon/rules/step_value.h"
#include "daemon/rules/suggest.h"
#include "daemon/rules/target.h"

static void load_step_if(struct step_load *load, const struct ini_entry *entry)
{
    load_condition(load->loader, entry, &load->names, &load->out->ifs, &load->out->if_count);
}

static void load_on_error(struct step_load *load, const struct ini_entry *entry)
{
    static const struct word ways[] = {{"stop", ON_ERROR_STOP},
                                       {"continue", ON_ERROR_CONTINUE},
                                       {"retry", ON_ERROR_RETRY},
                                       {NULL, 0}};
    int way = ON_ERROR_STOP;
    (void)load_word(load->loader, entry, ways, &way);
    load->out->on_error = (enum on_error)way;
}

static void load_unsure(struct step_load *load, const struct ini_entry *entry)
{
    static const struct word ways[] = {
        {"check", UNSURE_CHECK}, {"park", UNSURE_PARK}, {"repeat", UNSURE_REPEAT}, {NULL, 0}};
    int way = UNSURE_CHECK;
    (void)load_word(load->loader, entry, ways, &way);
    load->out->unsure = (enum unsure)way;
}

static void load_calendar(struct step_load *load, const struct ini_entry *entry)
{
    if (load_known(load->loader, entry->value_at, "calendar", entry->value,
                   load->loader->names->calendars))
        load->out->calendar = mem_strdup(entry->value);
}

/* The keys of every step (product.md §2.1, §2.2). */
static const struct step_row {
    const char *name;
    void (*load)(struct step_load *, const struct ini_entry *);
    bool repeat;
} step_rows[] = {
    {"if", load_step_if, true},
    {"on-error", load_on_error, false},
    {"unsure", load_unsure, false},
    {"calendar", load_calendar, false},
};
enum { ROW_COUNT = sizeof step_rows / sizeof step_rows[0] };

static const struct step_row *find_row(const char *name)
{
    for (size_t i = 0; i < ROW_COUNT; i++)
        if (strcmp(step_rows[i].name, name) == 0)
            return &step_rows[i];
    return NULL;
}

/* An earlier entry of this key, NULL if there is none. */
static const struct ini_entry *earlier(const struct step_load *load, const struct ini_entry *entry)
{
    for (const struct ini_entry *e = load->section->entries; e < entry; e++)
        if (strcmp(e->key, entry->key) == 0)
            return e;
    return NULL;
}

static bool check_repeat(struct step_load *load, const struct ini_entry *entry, bool repeat)
{
    const struct ini_entry *first = repeat ? NULL : earlier(load, entry);
    return first == NULL ||
           diag_add(load->loader->diag, entry->key_at, "\"%s\" stands twice, first in line %d",
                    entry->key, first->key_at.line);
}

/* The fields of the step's kind and the keys of the action and of every step. */
static bool unknown_key(struct step_load *load, const struct ini_entry *entry, const char *what)
{
    const char *names[160];
    size_t count = 0;
    const struct action *action = load->out->action;
    for (size_t i = 0; i < ROW_COUNT; i++)
        names[count++] = step_rows[i].name;
    for (size_t i = 0; action != NULL && i < action->key_count && count < 60; i++)
        if (strcmp(action->keys[i].name, "*") != 0)
            names[count++] = action->keys[i].name;
    if (action != NULL && action->fields)
        count += field_words(load->fields_of, names + count, 160 - count);
    return suggest(load->loader->diag, entry->key_at, what, entry->key, names, count);
}

/* `Field = value`: a short name, a REST name or a label in quotes. */
static bool load_field_name(struct step_load *load, const struct ini_entry *entry, struct path *ret)
{
    size_t at = 0;
    struct err err = {0};
    if (!path_parse(entry->key, &at, ret, &err))
        return diag_add(load->loader->diag, entry->key_at, "%s", err.text);
    if (entry->key[at] != '\0' || ret->count != 1)
        return diag_add(load->loader->diag, entry->key_at,
                        "a field is one name or a label in quotes, not \"%s\"", entry->key);
    const struct path_part *part = &ret->parts[0];
    if (part->quoted || load->fields_of == ENTITY_NONE || field_is_custom(part->text) ||
        field_find(load->fields_of, part->text) != NULL)
        return true;
    for (const char *c = part->text; *c != '\0'; c++)
        if ((unsigned char)*c >= 0x80)
            return diag_add(load->loader->diag, entry->key_at,
                            "unknown field \"%s\"; a label stands in quotes: \"%s\" = …",
                            part->text, part->text);
    return unknown_key(load, entry, "field");
}

/* A repeated key adds to a list (product.md §2). Which of their own fields hold one only portals
 * know, so it is said there when one does not (fields.c). */
static bool is_list(const struct action_key *key, const char *name)
{
    if (key == NULL)
        return name[0] == '"' || field_is_custom(name) || strcmp(name, "observers") == 0 ||
               strcmp(name, "contacts") == 0 || strcmp(name, "contactIds") == 0;
    return key->repeat || key->type == KEY_USERS || key->type == KEY_DURATIONS;
}

static void load_value(struct step_load *load, const struct ini_entry *entry)
{
    struct step *out = load->out;
    const struct action_key *key = action_key_find(out->action, entry->key);
    bool field = key == NULL && out->action->fields;
    if (key == NULL && !field) {
        (void)unknown_key(load, entry, "key");
        return;
    }
    struct step_key loaded = {.at = entry->key_at, .value_at = entry->value_at};
    bool good = check_repeat(load, entry, is_list(key, entry->key)) &&
                (!field || load_field_name(load, entry, &loaded.path));
    if (good)
        loaded.value = template_parse(entry, 0, &load->names, load->loader->diag);
    if (loaded.value == NULL ||
        (key != NULL && !step_value_check(load, key, entry, loaded.value))) {
        path_done(&loaded.path);
        template_free(loaded.value);
        return;
    }
    loaded.name = mem_strdup(entry->key);
    out->keys = mem_grow(out->keys, out->key_count + 1, sizeof *out->keys);
    out->keys[out->key_count++] = loaded;
}

static void load_entry(struct step_load *load, struct ini_entry *entry)
{
    entry->used = true;
    const struct step_row *row = find_row(entry->key);
    if (row != NULL) {
        if (check_repeat(load, entry, row->repeat))
            row->load(load, entry);
    } else if (load->out->action != NULL) {
        load_value(load, entry);
    } else if (load->out->kind == STEP_WAIT) {
        (void)unknown_key(load, entry, "key");
    } /* else the action is unknown, which has been said: so are its keys */
}

static bool has_entry(const struct ini_section *section, const char *name)
{
    for (size_t i = 0; i < section->count; i++)
        if (strcmp(section->entries[i].key, name) == 0)
            return true;
    return false;
}

static void check_required(struct step_load *load)
{
    const struct action *action = load->out->action;
    for (size_t i = 0; action != NULL && i < action->key_count; i++)
        if (action->keys[i].required && !has_entry(load->section, action->keys[i].name))
            (void)diag_add(load->loader->diag, load->section->at, "[%s] needs the key \"%s\"",
                           load->section->head, action->keys[i].name);
}

/* todo and task: without a deadline it is now + 1 workday (product.md §2.1). */
static bool deadline_is_left_out(const struct step_load *load)
{
    const struct action *action = load->out->action;
    const struct action_key *key = action != NULL ? action_key_find(action, "deadline") : NULL;
    return key != NULL && key->type == KEY_MOMENT && !has_entry(load->section, "deadline");
}

static bool waits_in_working_time(const struct step *step)
{
    return step->waits_until ? moment_needs_calendar(&step->until)
                             : step->wait.unit != DURATION_PLAIN;
}

/* Several calendars and none named: then `3 workdays` is nobody's. */
static void check_calendar(struct step_load *load)
{
    const struct step *out = load->out;
    struct diag *diag = load->loader->diag;
    const char *const *calendars = load->loader->names->calendars;
    bool several = calendars != NULL && calendars[0] != NULL && calendars[1] != NULL;
    if (!several || has_entry(load->section, "calendar"))
        return;
    if (load->needs_calendar || (out->kind == STEP_WAIT && waits_in_working_time(out)))
        (void)diag_add(diag, load->section->at,
                       "[%s] needs the key \"calendar\", for there are several: calendar = %s",
                       load->section->head, calendars[0]);
    else if (deadline_is_left_out(load))
        (void)diag_add(diag, load->section->at,
                       "[%s] needs the key \"deadline\", or \"calendar\" for its deadline of "
                       "now + 1 workday, for there are several: calendar = %s",
                       load->section->head, calendars[0]);
}

static bool load_wait(struct step_load *load)
{
    struct diag *diag = load->loader->diag;
    const char *head = load->section->head;
    size_t from = strlen("wait");
    from += strspn(head + from, " ");
    if (head[from] == '\0')
        return diag_add(diag, load->section->at, "how long? write [wait 3 workdays]");
    struct step *out = load->out;
    size_t offset = 0, word = strlen("until");
    struct err err = {0};
    out->waits_until = strncmp(head + from, "until", word) == 0 &&
                       (head[from + word] == ' ' || head[from + word] == '\0');
    from += out->waits_until ? word + strspn(head + from + word, " ") : 0;
    if (head[from] == '\0')
        return diag_add(diag, load->section->at, "until when? write [wait until 10:00]");
    bool good = out->waits_until ? moment_parse_until(head + from, &out->until, &offset, &err)
                                 : duration_parse(head + from, &out->wait, &offset, &err);
    return good || diag_add(diag, head_place(load->section, from + offset), "%s", err.text);
}

/* `as LABEL` at the head's end: takes both words off. False on a mistake. */
static bool load_label(struct step_load *load, struct head *head, const char *const *labels)
{
    struct diag *diag = load->loader->diag;
    const struct head_word *last = &head->words[head->count - 1];
    if (head->count >= 3 && strcmp(last->text, "as") == 0) {
        mem_free(head->words[--head->count].text);
        return diag_add(diag, head_place(load->section, last->offset),
                        "a label is missing after \"as\"");
    }
    if (head->count < 4 || strcmp(last[-1].text, "as") != 0)
        return true;
    struct place at = head_place(load->section, last->offset);
    bool good = label_check(load, at, last->text, labels);
    if (good)
        load->out->label = mem_strdup(last->text);
    mem_free(head->words[--head->count].text);
    mem_free(head->words[--head->count].text);
    return good;
}

static bool unknown_action(struct step_load *load, const struct head_word *word)
{
    struct place at = head_place(load->section, word->offset);
    size_t count = 0;
    const struct action *const *known = actions(&count);
    const char *names[64];
    if (count > 64)
        count = 64;
    for (size_t i = 0; i < count; i++)
        names[i] = known[i]->name;
    return suggest(load->loader->diag, at, "action", word->text, names, count);
}

static bool load_action(struct step_load *load, struct head *head, const char *const *labels)
{
    struct diag *diag = load->loader->diag;
    struct step *out = load->out;
    if (head->count < 2)
        return diag_add(diag, load->section->at, "a step needs an action: [%s ACTION]",
                        head->words[0].text);
    bool labelled = load_label(load, head, labels);
    out->action = action_find(head->words[1].text);
    return out->action != NULL ? target_load(load, head) && labelled
                               : unknown_action(load, &head->words[1]);
}

/* [else] asks what came of the `if` before it. */
static void check_else(struct step_load *load)
{
    const struct rule *rule = load->rule;
    if (rule->step_count > 0 && rule->steps[rule->step_count - 1].if_count > 0)
        return;
    (void)diag_add(load->loader->diag, load->section->at,
                   "[%s] needs a step with \"if\" right before it", load->section->head);
}

static void load_head(struct step_load *load, const char *const *labels)
{
    struct head head;
    head_split(load->section, &head);
    struct step *out = load->out;
    if (strcmp(head.words[0].text, "wait") == 0) {
        out->kind = STEP_WAIT;
        (void)load_wait(load);
    } else {
        out->kind = strcmp(head.words[0].text, "else") == 0 ? STEP_ELSE : STEP_THEN;
        (void)load_action(load, &head, labels);
    }
    if (out->kind == STEP_ELSE)
        check_else(load);
    if (out->target == NULL)
        out->target = mem_strdup("");
    head_done(&head);
}

const char *load_step_key(size_t i)
{
    return i < ROW_COUNT ? step_rows[i].name : NULL;
}

void load_step(struct loader *loader, struct ini_section *section, const char *const *labels,
               struct rule *rule)
{
    section->used = true;
    struct step step = {.text = mem_strdup(section->head), .at = section->at};
    struct step_load load = {
        .loader = loader,
        .section = section,
        .rule = rule,
        .names = {.entity_type = rule->entity_type, .labels = labels},
        .out = &step,
    };
    size_t complaints = loader->diag->count;
    load_head(&load, labels);
    check_required(&load);
    for (size_t i = 0; i < section->count; i++)
        load_entry(&load, &section->entries[i]);
    if (complaints == loader->diag->count)
        check_calendar(&load);
    if (step.action != NULL && step.action->check != NULL && complaints == loader->diag->count)
        step.action->check(&step, rule, loader->diag);
    rule->steps = mem_grow(rule->steps, rule->step_count + 1, sizeof *rule->steps);
    rule->steps[rule->step_count++] = step;
}
