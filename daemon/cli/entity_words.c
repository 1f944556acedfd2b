#include "daemon/cli/entity_words.h"

#include <stdio.h>
#include <string.h>

#include "common/mem.h"

enum { MOST_WORDS = 4 };

/* A word may hold several, as the shell's quotes give it. */
static size_t split(char *text, const char **words, size_t count)
{
    char *rest = NULL;
    for (char *word = strtok_r(text, " ", &rest); word != NULL && count < MOST_WORDS;
         word = strtok_r(NULL, " ", &rest))
        words[count++] = word;
    return count;
}

/* `item "Отгрузка товара" 7`, as one text. */
static bool titled_item(const struct args *args, size_t from, char *out, size_t size)
{
    size_t used = 0;
    for (size_t i = from; i < args->count; i++) {
        int more =
            snprintf(out + used, size - used, "%s%s", i > from ? " " : "", args->operands[i]);
        if (more < 0 || (size_t)more >= size - used)
            return false;
        used += (size_t)more;
    }
    const char *title = out + strlen("item ");
    const char *id = strrchr(out, ' ');
    return strncmp(out, "item ", strlen("item ")) == 0 && id > title &&
           strspn(title, "0123456789") != strcspn(title, " ") && entity_id_is_number(id + 1);
}

bool entity_words(const struct args *args, size_t from, char out[ENTITY_WORDS_SIZE],
                  struct err *err)
{
    char *copies[ARGS_MOST];
    const char *words[MOST_WORDS] = {NULL};
    size_t count = 0, copied = 0;
    struct entity entity;
    if (titled_item(args, from, out, ENTITY_WORDS_SIZE))
        return true;
    if (args->count == from + 1 && strcmp(args->operands[from], "operator") == 0) {
        (void)snprintf(out, ENTITY_WORDS_SIZE, "operator");
        return true;
    }
    for (size_t i = from; i < args->count; i++) {
        copies[copied] = mem_strdup(args->operands[i]);
        count = split(copies[copied++], words, count);
    }
    bool good = entity_parse(words, count, &entity, err);
    if (good)
        entity_print(&entity, out);
    for (size_t i = 0; i < copied; i++)
        mem_free(copies[i]);
    return good;
}
