#include "daemon/cli/entity_words.h"

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

bool entity_words(const struct args *args, size_t from, char out[ENTITY_WORDS_SIZE],
                  struct err *err)
{
    char *copies[ARGS_MOST];
    const char *words[MOST_WORDS] = {NULL};
    size_t count = 0, copied = 0;
    struct entity entity;
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
