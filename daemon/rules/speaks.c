#include "daemon/rules/speaks.h"

#include <ctype.h>
#include <string.h>

#include "daemon/model/entity.h"

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

static int in_section(const struct ini_section *section)
{
    for (size_t i = 0; i < section->count; i++) {
        const struct ini_entry *entry = &section->entries[i];
        bool condition = strcmp(entry->key, "if") == 0 || strcmp(entry->key, "cancel-on") == 0;
        int kind = condition ? in_condition(entry->value) : in_templates(entry->value);
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
