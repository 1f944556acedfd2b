#include "daemon/rules/speaks.h"

#include <ctype.h>
#include <string.h>

#include "daemon/model/entity.h"
#include "daemon/rules/trigger.h"

static size_t letters(const char *text)
{
    size_t length = 0;
    while (isalnum((unsigned char)text[length]) || text[length] == '_' || text[length] == '-' ||
           (unsigned char)text[length] >= 0x80)
        length++;
    return length;
}

static int kind_of_word(const char *text, size_t length)
{
    char word[32];
    if (length >= sizeof word)
        return ENTITY_NONE;
    memcpy(word, text, length);
    word[length] = '\0';
    const struct entity_kind *kind = entity_kind_by_word(word);
    return kind != NULL ? kind->type : ENTITY_NONE;
}

/* In a condition: a kind's word with a dot behind it, itself no part of a path or a text. */
static int in_condition(const char *text)
{
    char before = '\0';
    for (const char *c = text; *c != '\0';) {
        size_t length = letters(c);
        int kind = ENTITY_NONE;
        if (length > 0 && before != '.' && c[length] == '.')
            kind = kind_of_word(c, length);
        if (kind != ENTITY_NONE)
            return kind;
        if (*c == '"') {
            const char *end = strchr(c + 1, '"');
            length = end != NULL ? (size_t)(end - c) + 1 : strlen(c);
        }
        c += length > 0 ? length : 1;
        before = c[-1];
    }
    return ENTITY_NONE;
}

/* In a text: the first word of a template. */
static int in_templates(const char *text)
{
    while ((text = strstr(text, "{{")) != NULL) {
        text += 2;
        text += strspn(text, " \t\n");
        int kind = kind_of_word(text, letters(text));
        if (kind != ENTITY_NONE)
            return kind;
    }
    return ENTITY_NONE;
}

/* `deal leaves stage`, `3 per deal per day`: a kind's word among the others. */
static int among_words(const char *text)
{
    int kind = ENTITY_NONE;
    for (text += strspn(text, " \t\n"); *text != '\0' && kind == ENTITY_NONE;) {
        size_t length = strcspn(text, " \t\n");
        kind = kind_of_word(text, length);
        text += length;
        text += strspn(text, " \t\n");
    }
    return kind;
}

/* `call missed` speaks of whoever called. */
static int in_cancel(const char *text)
{
    if (!trigger_looks_like(text))
        return in_condition(text);
    int kind = kind_of_word(text, letters(text));
    return kind == ENTITY_CALL ? ENTITY_NONE : kind;
}

static int in_entry(const struct ini_entry *entry)
{
    static const struct {
        const char *key;
        int (*look)(const char *text);
    } keys[] = {{"if", in_condition},
                {"cancel-on", in_cancel},
                {"limit", among_words},
                {"once-per", among_words}};
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
        if (strcmp(entry->key, keys[i].key) == 0)
            return keys[i].look(entry->value);
    return in_templates(entry->value);
}

static int in_section(const struct ini_section *section)
{
    for (size_t i = 0; i < section->count; i++) {
        int kind = in_entry(&section->entries[i]);
        if (kind != ENTITY_NONE)
            return kind;
    }
    return ENTITY_NONE;
}

int speaks_of(const struct ini_section *rule, const struct ini_section *steps, size_t step_count)
{
    int kind = in_section(rule);
    for (size_t i = 0; i < step_count && kind == ENTITY_NONE; i++)
        kind = in_section(&steps[i]);
    return kind;
}
