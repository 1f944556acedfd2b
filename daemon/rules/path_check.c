#include <string.h>

#include "common/near.h"
#include "daemon/model/field.h"
#include "daemon/rules/scope.h"
#include "daemon/rules/who.h"

/* Checks at load that a path can mean something, as far as that can be known without the portal:
 * path_check. Where a label or a custom field leads only the portal knows. */

enum { MOST_WORDS = 192 };

struct check {
    const struct path *path;
    const struct expr_names *names;
    const struct ini_entry *entry;
    size_t offset;
    struct diag *diag;
};

static struct place place_of(const struct check *c, int part)
{
    return ini_value_place(c->entry, c->offset + c->path->parts[part].offset);
}

static const char *part_text(const struct check *c, int part)
{
    return c->path->parts[part].text;
}

/* ---- fields ---------------------------------------------------------------------------------- */

static bool unknown_of(const struct check *c, int part, const char *owner, const char *const *words,
                       size_t count)
{
    const char *wrong = part_text(c, part), *near = near_name(wrong, words, count);
    if (near != NULL)
        return diag_add(c->diag, place_of(c, part),
                        "unknown field \"%s\" of %s; did you mean \"%s\"?", wrong, owner, near);
    return diag_add(c->diag, place_of(c, part), "unknown field \"%s\" of %s", wrong, owner);
}

static bool has_other_letters(const char *text)
{
    for (; *text != '\0'; text++)
        if ((unsigned char)*text >= 0x80)
            return true;
    return false;
}

/* deal.phone: what only a contact has is looked for where people mean it. */
static bool is_of_contact(int type, const char *word)
{
    return field_find(type, "contact") != NULL && field_find(ENTITY_CONTACT, word) != NULL;
}

static bool unknown_field(const struct check *c, int part, const struct entity_kind *kind)
{
    const char *words[MOST_WORDS], *wrong = part_text(c, part);
    size_t count = field_words(kind->type, words, MOST_WORDS);
    if (has_other_letters(wrong))
        return diag_add(c->diag, place_of(c, part),
                        "unknown field \"%s\" of %s; a label stands in quotes: %s.\"%s\"", wrong,
                        kind->word, kind->word, wrong);
    if (near_name(wrong, words, count) != NULL)
        return unknown_of(c, part, kind->word, words, count);
    if (is_of_contact(kind->type, wrong))
        return diag_add(c->diag, place_of(c, part),
                        "unknown field \"%s\" of %s; did you mean \"contact.%s\"?", wrong,
                        kind->word, wrong);
    return diag_add(c->diag, place_of(c, part),
                    "unknown field \"%s\" of %s; labels stand in quotes, names of custom fields "
                    "start with ufCrm or UF_CRM_",
                    wrong, kind->word);
}

static bool leads_nowhere(const struct check *c, int part)
{
    const struct path_part *parts = c->path->parts;
    return diag_add(c->diag, place_of(c, part), "\"%.*s\" leads nowhere, it has no \"%s\"",
                    (int)(parts[part].offset - 1 - parts[0].offset), c->path->text,
                    parts[part].text);
}

static bool check_user(const struct check *c, int part)
{
    for (; part < c->path->count; part++) {
        size_t count = 0;
        while (user_words()[count] != NULL)
            count++;
        if (c->path->parts[part].quoted || !user_has_field(part_text(c, part)))
            return unknown_of(c, part, "user", user_words(), count);
        if (strcmp(part_text(c, part), "head") != 0)
            return part + 1 == c->path->count || leads_nowhere(c, part + 1);
    }
    return true;
}

static bool check_fields(const struct check *c, int type, int part)
{
    while (part < c->path->count) {
        const struct entity_kind *kind = entity_kind_of(type);
        if (type == ENTITY_USER)
            return check_user(c, part);
        if (c->path->parts[part].quoted || field_is_custom(part_text(c, part)))
            return true;
        const struct field *field = field_find(type, part_text(c, part));
        if (field == NULL)
            return unknown_field(c, part, kind);
        type = field_target(field->leads);
        part++;
        if (type == ENTITY_NONE && part < c->path->count)
            return leads_nowhere(c, part);
    }
    return true;
}

/* ---- heads ----------------------------------------------------------------------------------- */

static bool check_past(const struct check *c)
{
    const char *head = part_text(c, 0);
    if (c->path->count == 1)
        return diag_add(c->diag, place_of(c, 0), "\"%s\" needs a field: %s.stage", head, head);
    if (c->names->entity_type == ENTITY_NONE) /* which kind is known at run time only */
        return true;
    return check_fields(c, c->names->entity_type, 1);
}

static bool check_actor(const struct check *c)
{
    return check_user(c, 1);
}

static bool check_event(const struct check *c)
{
    static const char *const words[] = {"name", "data", "ts", "query"};
    enum { COUNT = sizeof words / sizeof words[0] };
    if (c->path->count == 1)
        return diag_add(c->diag, place_of(c, 0),
                        "\"event\" needs a member: event.name, event.data.…, event.ts, "
                        "event.query.…");
    bool leaf = strcmp(part_text(c, 1), "name") == 0 || strcmp(part_text(c, 1), "ts") == 0;
    for (size_t i = 0; i < COUNT; i++)
        if (strcmp(part_text(c, 1), words[i]) == 0)
            return !leaf || c->path->count == 2 || leads_nowhere(c, 2);
    return unknown_of(c, 1, "event", words, COUNT);
}

static bool check_now(const struct check *c)
{
    return c->path->count == 1 || leads_nowhere(c, 1);
}

static const struct head {
    const char *word;
    bool (*check)(const struct check *);
    bool start; /* where the run's own start is known */
} heads[] = {
    {"old", check_past, false}, {"actor", check_actor, false}, {"event", check_event, false},
    {"now", check_now, false},  {"start", check_past, true},
};

enum { HEAD_COUNT = sizeof heads / sizeof heads[0] };

static bool is_label(const struct expr_names *names, const char *word)
{
    for (size_t i = 0; names->labels != NULL && names->labels[i] != NULL; i++)
        if (strcmp(names->labels[i], word) == 0)
            return true;
    return false;
}

/* The kind that a head speaks of: the rule's own, or any when the rule has none. */
static const struct entity_kind *kind_of_head(const struct expr_names *names, const char *word)
{
    const struct entity_kind *kind = entity_kind_by_word(word);
    if (kind == NULL || names->entity_type == ENTITY_NONE)
        return kind;
    return entity_kind_of(names->entity_type) == kind ? kind : NULL;
}

static const struct head *head_find(const struct expr_names *names, const char *word)
{
    for (size_t i = 0; i < HEAD_COUNT; i++)
        if ((names->has_start || !heads[i].start) && strcmp(heads[i].word, word) == 0)
            return &heads[i];
    return NULL;
}

bool path_is_head(const struct expr_names *names, const char *word)
{
    return kind_of_head(names, word) != NULL || head_find(names, word) != NULL ||
           is_label(names, word);
}

bool path_may_be_entity(const struct path *path, const struct expr_names *names)
{
    const struct entity_kind *kind = kind_of_head(names, path->parts[0].text);
    const char *head = path->parts[0].text;
    int type = kind != NULL ? kind->type : ENTITY_NONE;
    if (strcmp(head, "actor") == 0)
        type = ENTITY_USER;
    else if (strcmp(head, "old") == 0 && path->count > 1)
        type = names->entity_type;
    for (int part = 1; part < path->count && type != ENTITY_NONE; part++) {
        const struct path_part *name = &path->parts[part];
        const struct field *field = field_find(type, name->text);
        if (name->quoted || field_is_custom(name->text))
            return true;
        if (type == ENTITY_USER)
            type = strcmp(name->text, "head") == 0 ? ENTITY_USER : ENTITY_NONE;
        else
            type = field != NULL ? field_target(field->leads) : ENTITY_NONE;
    }
    return type != ENTITY_NONE;
}

static size_t head_words(const struct expr_names *names, const char **words)
{
    size_t count = 0, kind_count;
    const struct entity_kind *kinds = entity_kinds(&kind_count);
    for (size_t i = 0; i < kind_count; i++)
        if (kind_of_head(names, kinds[i].word) != NULL)
            words[count++] = kinds[i].word;
    for (size_t i = 0; i < HEAD_COUNT; i++)
        if (names->has_start || !heads[i].start)
            words[count++] = heads[i].word;
    for (size_t i = 0; names->labels != NULL && names->labels[i] != NULL && count < MOST_WORDS; i++)
        words[count++] = names->labels[i];
    return count;
}

static bool unknown_head(const struct check *c)
{
    const char *words[MOST_WORDS], *wrong = part_text(c, 0);
    const struct entity_kind *own = entity_kind_of(c->names->entity_type);
    const char *near = near_name(wrong, words, head_words(c->names, words));
    if (own != NULL && c->path->parts[0].quoted)
        return diag_add(c->diag, place_of(c, 0), "a label stands behind its entity: %s.\"%s\"",
                        own->word, wrong);
    if (own != NULL && entity_kind_by_word(wrong) != NULL)
        return diag_add(c->diag, place_of(c, 0), "\"%s\" is not known here, the rule speaks of %s",
                        wrong, own->word);
    if (near != NULL)
        return diag_add(c->diag, place_of(c, 0), "unknown name \"%s\"; did you mean \"%s\"?", wrong,
                        near);
    if (own != NULL && field_find(own->type, wrong) != NULL)
        return diag_add(c->diag, place_of(c, 0), "unknown name \"%s\"; did you mean \"%s.%s\"?",
                        wrong, own->word, wrong);
    return diag_add(c->diag, place_of(c, 0),
                    "unknown name \"%s\"; known are %s%sold, actor, event, "
                    "now and labels of earlier steps",
                    wrong, own != NULL ? own->word : "", own != NULL ? ", " : "");
}

bool path_check(const struct path *path, const struct expr_names *names,
                const struct ini_entry *entry, size_t offset_in_value, struct diag *diag)
{
    const struct check c = {path, names, entry, offset_in_value, diag};
    const char *word = path->parts[0].text;
    if (path->parts[0].quoted)
        return unknown_head(&c);
    const struct entity_kind *kind = kind_of_head(names, word);
    if (kind != NULL)
        return check_fields(&c, names->entity_type != ENTITY_NONE ? names->entity_type : kind->type,
                            1);
    const struct head *head = head_find(names, word);
    if (head != NULL)
        return head->check(&c);
    return is_label(names, word) || unknown_head(&c);
}
