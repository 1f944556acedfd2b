#include "daemon/rules/trigger.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "daemon/rules/scope.h"
#include "daemon/rules/signal.h"
#include "daemon/rules/stage.h"
#include "daemon/rules/suggest.h"
#include "daemon/rules/trigger_read.h"

static bool read_added(struct reading *g)
{
    g->out->kind = TRIGGER_ADDED;
    return true;
}

static bool read_updated(struct reading *g)
{
    g->out->kind = TRIGGER_UPDATED;
    return true;
}

static bool read_deleted(struct reading *g)
{
    g->out->kind = TRIGGER_DELETED;
    return true;
}

static bool has_stages(struct reading *g)
{
    const struct entity_kind *kind = entity_kind_of(g->out->entity_type);
    return kind->has_stages || read_bad(&g->r, 0, "\"%s\" has no stages", kind->word);
}

static bool read_funnel(struct reading *g)
{
    const struct entity_kind *kind = entity_kind_of(g->out->entity_type);
    if (!kind->has_funnels)
        return read_bad(&g->r, 0, "\"%s\" has no funnels", kind->word);
    g->out->kind = TRIGGER_ENTERS_FUNNEL;
    read_blanks(&g->r);
    size_t from = g->r.at;
    if (read_is(&g->r, '"'))
        return read_quoted(&g->r, &g->out->name);
    g->out->name = read_token(&g->r);
    if (g->out->name == NULL)
        return read_bad(&g->r, from, "which funnel? write its name in quotes or its number");
    if (g->out->name[strspn(g->out->name, "0123456789")] != '\0')
        return read_bad(&g->r, from, "a funnel is a name in quotes or a number, not \"%s\"",
                        g->out->name);
    return true;
}

static bool read_enters(struct reading *g)
{
    if (read_word(&g->r, "funnel"))
        return read_funnel(g);
    g->out->kind = TRIGGER_ENTERS;
    return has_stages(g) && stage_read(&g->r, &g->out->stage);
}

static bool read_leaves(struct reading *g)
{
    g->out->kind = TRIGGER_LEAVES;
    if (!has_stages(g))
        return false;
    size_t from = g->r.at;
    if (!read_word(&g->r, "stage"))
        return stage_read(&g->r, &g->out->stage);
    if (!g->frame->cancel)
        return read_bad(&g->r, from,
                        "\"leaves stage\" means the stage at the run's start and stands in "
                        "cancel-on only; name the stage here");
    g->out->stage.kind = STAGE_CURRENT;
    g->out->stage.text = mem_strdup("stage");
    return true;
}

static bool read_robot(struct reading *g)
{
    g->out->kind = TRIGGER_ROBOT;
    read_blanks(&g->r);
    size_t from = g->r.at;
    g->out->name = read_token(&g->r);
    if (g->out->name == NULL)
        return read_bad(&g->r, from,
                        "which robot? write the CODE at the end of its address: "
                        "robot CODE");
    for (const char *c = g->out->name; *c != '\0'; c++)
        if (!isalnum((unsigned char)*c) && strchr("-_.", *c) == NULL)
            return read_bad(
                &g->r, from,
                "a robot's CODE is made of letters A-z, digits, \"-\", \"_\" and \".\", "
                "not \"%s\"",
                g->out->name);
    return true;
}

static bool read_event(struct reading *g)
{
    g->out->kind = TRIGGER_EVENT;
    read_blanks(&g->r);
    size_t from = g->r.at;
    char *name = g->out->name = read_token(&g->r);
    if (name == NULL)
        return read_bad(&g->r, from, "which event? write its name: event ONCRMDEALUPDATE");
    if (strlen(name) >= EVENT_NAME_SIZE)
        return read_bad(&g->r, from, "an event's name is shorter than %d letters", EVENT_NAME_SIZE);
    for (const char *c = name; *c != '\0'; c++)
        if (!isalnum((unsigned char)*c) && strchr("_.:", *c) == NULL)
            return read_bad(&g->r, from,
                            "an event's name is made of letters A-z, digits and \"_\", not \"%s\"",
                            name);
    for (char *c = name; *c != '\0'; c++)
        *c = (char)toupper((unsigned char)*c);
    /* Deals and their like by the event's own name: then the rule may speak of them. */
    enum entity_happening happening;
    if (!entity_of_event(name, &g->out->entity_type, &happening))
        g->out->entity_type = ENTITY_NONE;
    return true;
}

/* A signal belongs to whatever the rule speaks of; the loader sees to it that this is known. */
static bool read_signal(struct reading *g, enum signal signal)
{
    g->out->kind = TRIGGER_SIGNAL;
    g->out->signal = (int)signal;
    g->out->name = mem_strdup(signal_word(signal));
    g->out->entity_type = g->frame->entity_type;
    return true;
}

static bool read_client(struct reading *g)
{
    return read_expect(&g->r, "contacts") && read_signal(g, SIGNAL_CLIENT);
}

static bool read_we(struct reading *g)
{
    return read_expect(&g->r, "contact") && read_expect(&g->r, "client") &&
           read_signal(g, SIGNAL_WE);
}

static bool is_of_calls(struct reading *g, const char *word)
{
    return g->out->entity_type == ENTITY_CALL ||
           read_bad(&g->r, 0, "only a call is %s: call %s", word, word);
}

static bool read_missed(struct reading *g)
{
    return is_of_calls(g, "missed") && read_signal(g, SIGNAL_MISSED);
}

static bool read_ended(struct reading *g)
{
    return is_of_calls(g, "ended") && read_signal(g, SIGNAL_ENDED);
}

/* What may follow a kind's word, and what may stand first instead of one. */
struct verb {
    const char *word;
    bool (*read)(struct reading *);
    bool calls; /* of calls only */
};

static const struct verb verbs[] = {
    {"added", read_added},         {"updated", read_updated},   {"deleted", read_deleted},
    {"enters", read_enters},       {"leaves", read_leaves},     {"idle", timer_read_idle},
    {"missed", read_missed, true}, {"ended", read_ended, true},
};
enum { VERB_COUNT = sizeof verbs / sizeof verbs[0] };

static const struct verb starters[] = {
    {"robot", read_robot},   {"event", read_event}, {"every", timer_read_every},
    {"client", read_client}, {"we", read_we},
};
enum { STARTER_COUNT = sizeof starters / sizeof starters[0] };

static bool read_operand(struct reading *g, const char *word, const struct expr_names *names,
                         struct operand **ret)
{
    if (!read_word(&g->r, word))
        return true;
    read_blanks(&g->r);
    if (g->r.entry->value[g->r.at] == '\0')
        return read_bad(&g->r, g->r.at, "a value is missing after \"%s\"", word);
    *ret = operand_parse(g->r.entry, &g->r.at, names, g->r.diag);
    return *ret != NULL;
}

/* `.assigned changes from 17 to 23`, the cursor at the dot. */
static bool read_changes(struct reading *g, size_t subject_at)
{
    struct trigger *out = g->out;
    out->kind = TRIGGER_CHANGES;
    if (!read_path(&g->r, subject_at, entity_kind_of(out->entity_type)->word, &out->field))
        return false;
    if (out->field.count > 2)
        return read_bad(&g->r, out->field.parts[2].offset,
                        "only fields of the %s itself can be watched for changes, not \"%s\"",
                        out->field.parts[0].text, out->field.text);
    const struct expr_names names = {.entity_type = out->entity_type,
                                     .has_start = g->frame->cancel};
    if (!path_check(&out->field, &names, g->r.entry, 0, g->r.diag))
        return false;
    return read_expect(&g->r, "changes") && read_operand(g, "from", &names, &out->from) &&
           read_operand(g, "to", &names, &out->to);
}

static bool read_verb(struct reading *g)
{
    const char *words[VERB_COUNT];
    bool call = g->out->entity_type == ENTITY_CALL;
    for (size_t i = 0; i < VERB_COUNT; i++)
        words[i] = call >= verbs[i].calls ? verbs[i].word : NULL;
    for (size_t i = 0; i < VERB_COUNT; i++)
        if (read_word(&g->r, verbs[i].word))
            return verbs[i].read(g);
    return read_one_of(&g->r, "happening", words, VERB_COUNT, NULL);
}

static bool read_title(struct reading *g, size_t from)
{
    char *title = NULL;
    struct err err = {0};
    if (!read_quoted(&g->r, &title))
        return false;
    bool good = g->frame->titles != NULL
                    ? titles_type(g->frame->titles, title, &g->out->entity_type, &err)
                    : err_set(&err, "write the number of the smart process: item 147");
    mem_free(title);
    return good || read_bad(&g->r, from, "%s", err.text);
}

/* The number or the title behind `item`, or the rule's own smart process when there is none. */
bool trigger_read_item(struct reading *g)
{
    size_t back = g->r.at;
    read_blanks(&g->r);
    size_t from = g->r.at;
    if (read_is(&g->r, '"'))
        return read_title(g, from);
    int64_t number = 0;
    if (read_number(&g->r, &number)) {
        g->out->entity_type = (int)number;
        return (number >= ENTITY_ITEM_FIRST && number < INT32_MAX) ||
               read_bad(&g->r, from, "a smart process has a number from %d on", ENTITY_ITEM_FIRST);
    }
    g->r.at = back;
    g->out->entity_type = g->frame->entity_type;
    return g->out->entity_type >= ENTITY_ITEM ||
           read_bad(&g->r, from,
                    "which smart process? write its number or its title: item 147, item \"Title\"");
}

static bool unknown_subject(struct reading *g)
{
    const char *words[32];
    size_t count = 0;
    size_t kind_count = 0;
    const struct entity_kind *kinds = entity_kinds(&kind_count);
    for (size_t i = 0; i < kind_count && count < 24; i++)
        words[count++] = kinds[i].word;
    for (size_t i = 0; i < STARTER_COUNT; i++)
        words[count++] = starters[i].word;
    return read_one_of(&g->r, "subject of a trigger", words, count, NULL);
}

static bool read_subject(struct reading *g)
{
    read_blanks(&g->r);
    size_t from = g->r.at;
    for (size_t i = 0; i < STARTER_COUNT; i++)
        if (read_word(&g->r, starters[i].word))
            return starters[i].read(g);
    char *word = read_name(&g->r);
    const struct entity_kind *kind = word != NULL ? entity_kind_by_word(word) : NULL;
    mem_free(word);
    if (kind == NULL) {
        g->r.at = from;
        return unknown_subject(g);
    }
    g->out->entity_type = kind->type;
    if (kind->type == ENTITY_ITEM && !trigger_read_item(g))
        return false;
    return read_is(&g->r, '.') ? read_changes(g, from) : read_verb(g);
}

bool trigger_parse(const struct ini_entry *entry, const struct trigger_frame *frame,
                   struct trigger *ret, struct diag *diag)
{
    *ret = (struct trigger){.at = ini_value_place(entry, 0)};
    struct reading g = {.r = {.entry = entry, .diag = diag}, .frame = frame, .out = ret};
    bool good;
    if (entry->value[0] == '\0')
        good = read_bad(&g.r, 0, "a trigger is missing, for example: deal added");
    else if (isdigit((unsigned char)entry->value[0]))
        good = timer_read(&g) && read_end(&g.r);
    else
        good = read_subject(&g) && read_end(&g.r);
    if (good)
        ret->text = mem_strdup(entry->value);
    else
        trigger_done(ret);
    return good;
}

const char *trigger_word(size_t i)
{
    if (i < VERB_COUNT)
        return verbs[i].word;
    return i < VERB_COUNT + STARTER_COUNT ? starters[i - VERB_COUNT].word : NULL;
}

void trigger_done(struct trigger *trigger)
{
    mem_free(trigger->stage.text);
    path_done(&trigger->field);
    operand_free(trigger->from);
    operand_free(trigger->to);
    mem_free(trigger->name);
    mem_free(trigger->text);
    *trigger = (struct trigger){0};
}

/* Bytes up to the blank that ends the name at the start: deal."Дата встречи" is one name. */
static size_t first_name(const char *text)
{
    size_t length = 0;
    bool quoted = false;
    while (text[length] != '\0' && (quoted || strchr(" \t\n", text[length]) == NULL))
        quoted ^= text[length++] == '"';
    return length;
}

static bool word_among(const char *word, size_t length, const char *const *words)
{
    for (; *words != NULL; words++)
        if (strlen(*words) == length && strncmp(word, *words, length) == 0)
            return true;
    return false;
}

bool trigger_looks_like(const char *text)
{
    static const char *const openers[] = {"not", "now", "today", "tomorrow", "next", NULL};
    static const char *const operators[] = {"in",      "not", "is", "contains", "matches",
                                            "changed", "and", "or", NULL};
    size_t first = first_name(text);
    if (text[0] == '"' || text[0] == '(' || word_among(text, first, openers))
        return false;
    const char *second = text + first;
    second += strspn(second, " \t\n");
    size_t length = strcspn(second, " \t\n");
    if (length == 0)
        return memchr(text, '.', first) == NULL;
    return strchr("=!<>)-+", second[0]) == NULL && !word_among(second, length, operators);
}
