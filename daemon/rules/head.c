#include "daemon/rules/head.h"

#include <string.h>

#include "common/mem.h"
#include "common/utf8.h"

/* Bytes up to the blank that ends the word; blanks in quotes do not. */
static size_t word_length(const char *text)
{
    size_t length = 0;
    bool quoted = false;
    while (text[length] != '\0' && (quoted || text[length] != ' '))
        quoted ^= text[length++] == '"';
    return length;
}

void head_split(const struct ini_section *section, struct head *ret)
{
    *ret = (struct head){0};
    size_t at = strspn(section->head, " ");
    while (section->head[at] != '\0' && ret->count <= HEAD_MOST_WORDS) {
        size_t length = word_length(section->head + at);
        ret->words[ret->count++] = (struct head_word){
            .text = mem_strndup(section->head + at, length),
            .offset = at,
        };
        at += length;
        at += strspn(section->head + at, " ");
    }
}

void head_done(struct head *head)
{
    for (size_t i = 0; i < head->count; i++)
        mem_free(head->words[i].text);
    *head = (struct head){0};
}

struct place head_place(const struct ini_section *section, size_t offset)
{
    struct place at = section->at;
    size_t length = strlen(section->head);
    char *before = mem_strndup(section->head, offset < length ? offset : length);
    at.column += (int)utf8_length(before);
    mem_free(before);
    return at;
}

bool head_begins(const struct ini_section *section, const char *word)
{
    size_t length = strlen(word);
    return strncmp(section->head, word, length) == 0 &&
           (section->head[length] == ' ' || section->head[length] == '\0');
}
