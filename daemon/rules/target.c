#include "daemon/rules/target.h"

#include <ctype.h>
#include <string.h>

#include "common/buf.h"
#include "common/mem.h"
#include "daemon/model/entity.h"
#include "daemon/rules/action.h"
#include "daemon/rules/path.h"
#include "daemon/rules/suggest.h"

static const struct related {
    const char *word;
    int type;
} related[] = {{"contact", ENTITY_CONTACT}, {"contacts", ENTITY_CONTACT},
               {"company", ENTITY_COMPANY}, {"lead", ENTITY_LEAD},
               {"deal", ENTITY_DEAL},       {"quote", ENTITY_QUOTE},
               {"item", ENTITY_ITEM}};
enum { RELATED_COUNT = sizeof related / sizeof related[0] };

static struct place word_place(const struct step_load *load, const struct head *head, size_t i)
{
    return head_place(load->section, head->words[i].offset);
}

static bool too_much(struct step_load *load, const struct head *head, size_t most)
{
    if (head->count <= most)
        return false;
    (void)diag_add(load->loader->diag, word_place(load, head, most), "unexpected \"%s\" in [%s]",
                   head->words[most].text, load->section->head);
    return true;
}

static bool load_title(struct step_load *load, const struct head *head)
{
    struct err err = {0};
    char *title = mem_strndup(head->words[3].text + 1, strlen(head->words[3].text + 1));
    size_t size = strlen(title);
    if (size > 0 && title[size - 1] == '"')
        title[size - 1] = '\0';
    bool good = titles_type(load->loader->titles, title, &load->fields_of, &err);
    mem_free(title);
    return good || diag_add(load->loader->diag, word_place(load, head, 3), "%s", err.text);
}

static bool load_item(struct step_load *load, const struct head *head)
{
    struct diag *diag = load->loader->diag;
    if (head->count < 4)
        return diag_add(
            diag, word_place(load, head, 2),
            "which smart process? write its number or its title: item 147, item \"Title\"");
    const char *number = head->words[3].text;
    if (number[0] == '"')
        return load_title(load, head) && !too_much(load, head, 4);
    int64_t type = 0;
    for (const char *c = number; isdigit((unsigned char)*c) && type <= INT32_MAX; c++)
        type = type * 10 + (*c - '0');
    if (number[strspn(number, "0123456789")] != '\0' || type < ENTITY_ITEM_FIRST ||
        type > INT32_MAX)
        return diag_add(diag, word_place(load, head, 3),
                        "a smart process has a number from %d on, not \"%s\"", ENTITY_ITEM_FIRST,
                        number);
    load->fields_of = (int)type;
    return !too_much(load, head, 4);
}

static bool load_related(struct step_load *load, const struct head *head)
{
    load->fields_of = load->rule->entity_type;
    if (head->count == 2)
        return true;
    const char *names[RELATED_COUNT];
    for (size_t i = 0; i < RELATED_COUNT; i++) {
        names[i] = related[i].word;
        if (strcmp(head->words[2].text, related[i].word) != 0)
            continue;
        load->fields_of = related[i].type;
        return related[i].type == ENTITY_ITEM ? load_item(load, head) : !too_much(load, head, 3);
    }
    load->fields_of = ENTITY_NONE;
    return suggest(load->loader->diag, word_place(load, head, 2), "relation", head->words[2].text,
                   names, RELATED_COUNT);
}

static bool load_kind(struct step_load *load, const struct head *head)
{
    const char *names[32];
    size_t count = 0, kind_count = 0;
    const struct entity_kind *kinds = entity_kinds(&kind_count);
    for (size_t i = 0; i < kind_count && count < 32; i++)
        if (kinds[i].universal)
            names[count++] = kinds[i].word;
    if (head->count < 3)
        return suggest_missing(load->loader->diag, load->section->at, "a kind to add", names,
                               count);
    const struct entity_kind *kind = entity_kind_by_word(head->words[2].text);
    if (kind == NULL || !kind->universal)
        return suggest(load->loader->diag, word_place(load, head, 2), "kind to add",
                       head->words[2].text, names, count);
    load->fields_of = kind->type;
    return kind->type == ENTITY_ITEM ? load_item(load, head) : !too_much(load, head, 3);
}

static bool load_method(struct step_load *load, const struct head *head)
{
    struct diag *diag = load->loader->diag;
    if (head->count < 3)
        return diag_add(diag, load->section->at, "which method? write [%s %s crm.deal.list]",
                        head->words[0].text, head->words[1].text);
    for (const char *c = head->words[2].text; *c != '\0'; c++)
        if (!isalnum((unsigned char)*c) && strchr("._-", *c) == NULL)
            return diag_add(diag, word_place(load, head, 2),
                            "a method is made of letters A-z, digits and dots, not \"%s\"",
                            head->words[2].text);
    return !too_much(load, head, 3);
}

static bool load_none(struct step_load *load, const struct head *head)
{
    load->fields_of = load->rule->entity_type;
    return !too_much(load, head, 2);
}

bool target_load(struct step_load *load, const struct head *head)
{
    static bool (*const loads[])(struct step_load *, const struct head *) = {
        [TARGET_NONE] = load_none,
        [TARGET_RELATED] = load_related,
        [TARGET_KIND] = load_kind,
        [TARGET_METHOD] = load_method,
    };
    struct buf target BUF_AUTO;
    buf_init(&target, 1024);
    for (size_t i = 2; i < head->count; i++)
        buf_printf(&target, "%s%s", i > 2 ? " " : "", head->words[i].text);
    load->out->target = buf_take(&target);
    bool good = loads[load->out->action->target](load, head);
    load->out->fields_of = load->fields_of;
    return good;
}

/* Words that paths begin with already. */
static bool is_head_of_paths(const char *word)
{
    static const char *const heads[] = {"old", "actor", "event", "now", "start"};
    for (size_t i = 0; i < sizeof heads / sizeof heads[0]; i++)
        if (strcmp(heads[i], word) == 0)
            return true;
    return entity_kind_by_word(word) != NULL;
}

bool label_check(struct step_load *load, struct place at, const char *label,
                 const char *const *labels)
{
    struct diag *diag = load->loader->diag;
    struct path path;
    size_t end = 0;
    bool good = path_parse(label, &end, &path, NULL) && label[end] == '\0' && path.count == 1 &&
                !path.parts[0].quoted;
    path_done(&path);
    if (!good)
        return diag_add(
            diag, at, "a label is one word of letters, digits, \"-\" and \"_\", not \"%s\"", label);
    if (is_head_of_paths(label))
        return diag_add(diag, at, "\"%s\" has a meaning of its own and cannot be a label", label);
    for (size_t i = 0; labels[i] != NULL; i++)
        if (strcmp(labels[i], label) == 0)
            return diag_add(diag, at, "the label \"%s\" is taken by a step above", label);
    return true;
}
