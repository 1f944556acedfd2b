#include "daemon/rules/load.h"

#include <string.h>

#include "common/mem.h"
#include "daemon/rules/suggest.h"

bool load_word(struct loader *loader, const struct ini_entry *entry, const struct word *words,
               int *ret)
{
    const char *names[8];
    size_t count = 0;
    for (; words[count].text != NULL; count++) {
        names[count] = words[count].text;
        if (strcmp(entry->value, words[count].text) != 0)
            continue;
        *ret = words[count].value;
        return true;
    }
    if (entry->value[0] == '\0')
        return suggest_missing(loader->diag, entry->value_at, entry->key, names, count);
    return suggest(loader->diag, entry->value_at, entry->key, entry->value, names, count);
}

bool load_known(struct loader *loader, struct place at, const char *what, const char *name,
                const char *const *known)
{
    for (const char *const *k = known; k != NULL && *k != NULL; k++)
        if (strcmp(*k, name) == 0)
            return true;
    return suggest_listed(loader->diag, at, what, name, known);
}

void load_condition(struct loader *loader, const struct ini_entry *entry,
                    const struct expr_names *names, struct expr ***list, size_t *count)
{
    struct expr *expr = expr_parse(entry, names, loader->diag);
    if (expr == NULL)
        return;
    *list = mem_grow(*list, *count + 1, sizeof(struct expr *));
    (*list)[(*count)++] = expr;
}

bool load_duration(struct loader *loader, const struct ini_entry *entry, size_t from,
                   struct duration *ret)
{
    if (entry->value[from] == '\0')
        return diag_add(loader->diag, ini_value_place(entry, from),
                        "a duration is missing, for example 24h");
    size_t offset = 0;
    struct err err = {0};
    return duration_parse(entry->value + from, ret, &offset, &err) ||
           diag_add(loader->diag, ini_value_place(entry, from + offset), "%s", err.text);
}
