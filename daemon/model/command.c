#include "daemon/model/command.h"

#include <string.h>

#include "common/jv.h"
#include "common/mem.h"

static const char *const verdict_words[] = {
    [VERDICT_NONE] = "NONE",       [VERDICT_DONE] = "DONE",   [VERDICT_REFUSED] = "REFUSED",
    [VERDICT_LIMITED] = "LIMITED", [VERDICT_RETRY] = "RETRY", [VERDICT_UNSURE] = "UNSURE",
    [VERDICT_SHADOW] = "SHADOW",
};

enum { VERDICT_COUNT = sizeof verdict_words / sizeof verdict_words[0] };

const char *verdict_word(enum verdict verdict)
{
    return (int)verdict >= 0 && (int)verdict < VERDICT_COUNT ? verdict_words[verdict] : "?";
}

bool verdict_parse(const char *word, enum verdict *ret)
{
    for (int i = 0; i < VERDICT_COUNT; i++) {
        if (strcmp(verdict_words[i], word) == 0) {
            *ret = (enum verdict)i;
            return true;
        }
    }
    return false;
}

void command_done(struct command *command)
{
    mem_free(command->method);
    json_decref(command->params);
    json_decref(command->look);
    memset(command, 0, sizeof *command);
}

void command_copy(struct command *to, const struct command *from)
{
    *to = *from;
    to->method = mem_strdup(from->method);
    to->params = json_deep_copy(from->params);
    to->look = json_deep_copy(from->look);
}

void answer_done(struct answer *answer)
{
    json_decref(answer->result);
    json_decref(answer->next);
    memset(answer, 0, sizeof *answer);
}

void answer_copy(struct answer *to, const struct answer *from)
{
    *to = *from;
    to->result = json_deep_copy(from->result);
    to->next = json_deep_copy(from->next);
}

/* Text in text, or a member of a list. */
static bool contains(const json_t *value, const json_t *part)
{
    size_t i;
    json_t *element;
    if (json_is_array(value)) {
        json_array_foreach (value, i, element) {
            if (jv_same(element, part))
                return true;
        }
        return false;
    }
    char *whole = jv_print_new(value);
    char *wanted = jv_print_new(part);
    bool found = strstr(whole, wanted) != NULL;
    mem_free(whole);
    mem_free(wanted);
    return found;
}

static bool fits(const json_t *entry, const json_t *where)
{
    const char *name;
    json_t *wanted;
    json_object_foreach ((json_t *)(uintptr_t)where, name, wanted) {
        const json_t *value = jv_at(entry, name);
        const json_t *part = json_object_get(wanted, "contains");
        if (part != NULL ? !contains(value, part) : !jv_same(value, wanted))
            return false;
    }
    return true;
}

/* First entry of a list that fits. PHP sends a list whose numbers do not start at 0 as an object
 * (bitrix24.md §4). */
static const json_t *find_entry(const json_t *list, const json_t *where)
{
    size_t i;
    const char *key;
    json_t *entry;
    json_array_foreach (list, i, entry) {
        if (fits(entry, where))
            return entry;
    }
    if (json_is_object(list)) {
        json_object_foreach ((json_t *)(uintptr_t)list, key, entry) {
            if (fits(entry, where))
                return entry;
        }
    }
    return NULL;
}

static bool has_all(const json_t *entry, const json_t *where)
{
    const char *name;
    json_t *wanted;
    json_object_foreach ((json_t *)(uintptr_t)where, name, wanted) {
        if (jv_at(entry, name) == NULL)
            return false;
    }
    return true;
}

/* By the mark; where the entries do not have such a member at all, by the rest. */
static const json_t *find_made(const json_t *look, const json_t *list)
{
    const json_t *where = json_object_get(look, "where");
    const json_t *unmarked = json_object_get(look, "unmarked");
    const json_t *entry = find_entry(list, where);
    if (entry != NULL || unmarked == NULL)
        return entry;
    entry = find_entry(list, unmarked);
    return entry != NULL && !has_all(entry, where) ? entry : NULL;
}

/* What stands for the result that never came. */
static json_t *substitute_new(const json_t *look, const json_t *entry)
{
    const char *as = jv_text(look, "as", NULL);
    const char *take = jv_text(look, "take", NULL);
    json_t *id = take != NULL ? jv_at(entry, take) : NULL;
    if (as != NULL)
        return json_pack("{s:o}", as, json_deep_copy(entry));
    if (id == NULL)
        id = jv_at(entry, "id");
    if (id == NULL)
        id = jv_at(entry, "ID");
    return json_pack("{s:o}", "id", id != NULL ? json_deep_copy(id) : json_null());
}

bool command_look_found(const json_t *look, const json_t *result, json_t **ret_result)
{
    const json_t *equal = json_object_get(look, "equal");
    if (equal != NULL) {
        const json_t *object = jv_at(result, jv_text(look, "at", ""));
        if (!json_is_object(object) || !fits(object, equal))
            return false;
        *ret_result = json_deep_copy(result);
        return true;
    }
    const json_t *list = jv_at(result, jv_text(look, "list", ""));
    const json_t *entry = find_made(look, list);
    if (entry == NULL)
        return false;
    *ret_result = substitute_new(look, entry);
    return true;
}

bool command_look_call(const json_t *look, struct command *ret)
{
    const char *method = jv_text(look, "method", NULL);
    if (method == NULL)
        return false;
    const json_t *params = json_object_get(look, "params");
    *ret = (struct command){
        .key = "look",
        .kind = COMMAND_REST,
        .method = mem_strdup(method),
        .params = params != NULL ? json_deep_copy(params) : json_object(),
    };
    return true;
}
