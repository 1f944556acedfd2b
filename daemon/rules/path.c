#include "daemon/rules/path.h"

#include <string.h>

#include "common/mem.h"

/* Letters of any script, digits, _ and -: a label may be called call-task. */
static bool is_word_byte(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-' || (unsigned char)c >= 0x80;
}

static bool take_quoted(const char *text, size_t *at, struct path_part *part, struct err *err)
{
    size_t from = *at + 1;
    size_t length = strcspn(text + from, "\"\n");
    if (text[from + length] != '"')
        return err_set(err, "the quote is not closed");
    if (length == 0)
        return err_set(err, "the name in quotes is empty");
    part->text = mem_strndup(text + from, length);
    part->quoted = true;
    *at = from + length + 1;
    return true;
}

static bool take_word(const char *text, size_t *at, struct path_part *part)
{
    size_t length = 0;
    while (is_word_byte(text[*at + length]))
        length++;
    if (length == 0 || text[*at] == '-')
        return false;
    part->text = mem_strndup(text + *at, length);
    *at += length;
    return true;
}

static bool take_part(const char *text, size_t from, size_t *at, struct path *path, struct err *err)
{
    if (path->count == PATH_MOST_PARTS)
        return err_set(err, "a path has at most %d names", PATH_MOST_PARTS);
    struct path_part *part = &path->parts[path->count];
    part->offset = *at;
    bool taken = text[*at] == '"' ? take_quoted(text, at, part, err) : take_word(text, at, part);
    if (taken)
        path->count++;
    else if (*at == from)
        (void)err_set(err, "a name is missing");
    else
        (void)err_set(err, "a name is missing after \"%.*s\"", (int)(*at - from), text + from);
    return taken;
}

bool path_parse(const char *text, size_t *at, struct path *ret, struct err *err)
{
    *ret = (struct path){0};
    size_t from = *at;
    bool taken = take_part(text, from, at, ret, err);
    while (taken && text[*at] == '.') {
        (*at)++;
        taken = take_part(text, from, at, ret, err);
    }
    if (!taken) {
        path_done(ret);
        return false;
    }
    ret->text = mem_strndup(text + from, *at - from);
    return true;
}

void path_done(struct path *path)
{
    for (int i = 0; i < path->count; i++)
        mem_free(path->parts[i].text);
    mem_free(path->text);
    *path = (struct path){0};
}
