#include "daemon/rules/read.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "common/mem.h"
#include "common/scan.h"
#include "daemon/rules/suggest.h"

static const char blanks[] = " \t\n";

static const char *here(const struct read *r)
{
    return r->entry->value + r->at;
}

bool read_bad(struct read *r, size_t at, const char *format, ...)
{
    char what[700];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(what, sizeof what, format, args);
    va_end(args);
    return diag_add(r->diag, ini_value_place(r->entry, at), "%s", what);
}

void read_blanks(struct read *r)
{
    r->at += strspn(here(r), blanks);
}

bool read_is(const struct read *r, char c)
{
    return *here(r) == c;
}

/* Bytes of the name here; letters of any script. */
static size_t name_length(const char *text)
{
    size_t length = 0;
    while (isalnum((unsigned char)text[length]) || (unsigned char)text[length] >= 0x80 ||
           text[length] == '_' || text[length] == '-')
        length++;
    return length;
}

bool read_word(struct read *r, const char *word)
{
    size_t back = r->at;
    read_blanks(r);
    size_t length = name_length(here(r));
    if (length > 0 && length == strlen(word) && strncmp(here(r), word, length) == 0) {
        r->at += length;
        return true;
    }
    r->at = back;
    return false;
}

char *read_name(struct read *r)
{
    size_t back = r->at;
    read_blanks(r);
    size_t length = name_length(here(r));
    if (length == 0) {
        r->at = back;
        return NULL;
    }
    r->at += length;
    return mem_strndup(here(r) - length, length);
}

char *read_token(struct read *r)
{
    size_t back = r->at;
    read_blanks(r);
    size_t length = strcspn(here(r), blanks);
    if (length == 0) {
        r->at = back;
        return NULL;
    }
    r->at += length;
    return mem_strndup(here(r) - length, length);
}

bool read_number(struct read *r, int64_t *ret)
{
    size_t back = r->at;
    read_blanks(r);
    struct scan s = {.text = r->entry->value, .at = r->at};
    if (!scan_number(&s, ret)) {
        r->at = back;
        return false;
    }
    r->at = s.at;
    return true;
}

bool read_quoted(struct read *r, char **ret)
{
    read_blanks(r);
    size_t from = r->at;
    size_t length = strcspn(here(r) + 1, "\"\n");
    if (here(r)[1 + length] != '"')
        return read_bad(r, from, "the quote is not closed");
    if (length == 0)
        return read_bad(r, from, "the name in quotes is empty");
    *ret = mem_strndup(here(r) + 1, length);
    r->at += length + 2;
    return true;
}

/* What stands here instead of what was wanted; NULL at the end. mem_free. */
static char *wrong_here(struct read *r, size_t *ret_from)
{
    read_blanks(r);
    *ret_from = r->at;
    char *wrong = read_name(r);
    return wrong != NULL ? wrong : read_token(r);
}

bool read_one_of(struct read *r, const char *what, const char *const *words, size_t count,
                 size_t *ret)
{
    for (size_t i = 0; i < count; i++) {
        if (words[i] == NULL || !read_word(r, words[i]))
            continue;
        if (ret != NULL)
            *ret = i;
        return true;
    }
    size_t from;
    char *wrong = wrong_here(r, &from);
    struct place at = ini_value_place(r->entry, from);
    if (wrong == NULL)
        (void)suggest_missing(r->diag, at, what, words, count);
    else
        (void)suggest(r->diag, at, what, wrong, words, count);
    mem_free(wrong);
    return false;
}

bool read_expect(struct read *r, const char *word)
{
    if (read_word(r, word))
        return true;
    size_t from;
    char *wrong = wrong_here(r, &from);
    if (wrong == NULL)
        (void)read_bad(r, from, "\"%s\" is missing here", word);
    else
        (void)read_bad(r, from, "\"%s\" is wanted here, not \"%s\"", word, wrong);
    mem_free(wrong);
    return false;
}

bool read_path(struct read *r, size_t head_at, const char *head, struct path *ret)
{
    /* `item 147.title`: the number is no part of the path, so it is read from a text without it. */
    char *text = mem_printf("%s%s", head, here(r));
    size_t at = 0;
    struct err err = {0};
    bool good = path_parse(text, &at, ret, &err);
    mem_free(text);
    size_t shift = r->at - strlen(head);
    if (!good)
        return read_bad(r, shift + at, "%s", err.text);
    for (int i = 0; i < ret->count; i++)
        ret->parts[i].offset = i == 0 ? head_at : ret->parts[i].offset + shift;
    r->at = shift + at;
    return true;
}

bool read_end(struct read *r)
{
    read_blanks(r);
    return *here(r) == '\0' || read_bad(r, r->at, "unexpected \"%s\"", here(r));
}
