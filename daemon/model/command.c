#include "daemon/model/command.h"

#include <string.h>

#include "common/jv.h"
#include "common/mem.h"
#include "common/zone.h"

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

static bool is_any(const json_t *value, const json_t *list)
{
    size_t i;
    json_t *one;
    json_array_foreach (list, i, one) {
        if (jv_same(value, one))
            return true;
    }
    return false;
}

static bool is_as_wanted(const json_t *value, const json_t *wanted)
{
    const json_t *part = json_object_get(wanted, "contains");
    const json_t *any = json_object_get(wanted, "any");
    if (part != NULL)
        return contains(value, part);
    return any != NULL ? is_any(value, any) : jv_same(value, wanted);
}

static bool fits(const json_t *entry, const json_t *where)
{
    const char *name;
    json_t *wanted;
    json_object_foreach (jv_loose(where), name, wanted) {
        if (!is_as_wanted(jv_at(entry, name), wanted))
            return false;
    }
    return true;
}

/* With an offset, so that no zone is needed to know the moment. */
static bool parse_moment(const json_t *value, int64_t *ret_ms)
{
    const char *text = json_string_value(value);
    size_t size = text != NULL ? strlen(text) : 0;
    bool offset = size > 20 && (text[size - 6] == '+' || text[size - 6] == '-');
    return offset && zone_parse_iso(NULL, text, ret_ms);
}

static bool is_older(const json_t *entry, const json_t *since)
{
    const char *name;
    json_t *from;
    json_object_foreach (jv_loose(since), name, from) {
        int64_t made_ms, from_ms;
        if (parse_moment(jv_at(entry, name), &made_ms) && parse_moment(from, &from_ms) &&
            made_ms < from_ms)
            return true;
    }
    return false;
}

const json_t *command_result_id(const json_t *result)
{
    static const char *const places[] = {"id",      "ID",          "item.id",
                                         "task.id", "document.id", "logMessage.id"};
    const json_t *id = json_is_integer(result) || json_is_string(result) ? result : NULL;
    for (size_t i = 0; i < sizeof places / sizeof places[0] && id == NULL; i++)
        id = json_is_object(result) ? jv_at(result, places[i]) : NULL;
    return id;
}

static const json_t *entry_id(const json_t *look, const json_t *entry)
{
    const char *take = jv_text(look, "take", NULL);
    const json_t *id = take != NULL ? jv_at(entry, take) : NULL;
    return id != NULL ? id : command_result_id(entry);
}

static bool is_taken(const json_t *look, const json_t *entry, const json_t *taken)
{
    size_t i;
    json_t *result;
    const json_t *id = jv_flag(look, "part") ? NULL : entry_id(look, entry);
    json_array_foreach (taken, i, result) {
        if (id != NULL && jv_same(command_result_id(result), id))
            return true;
    }
    return false;
}

/* What is looked for, and where. */
struct search {
    const json_t *look, *list, *taken;
};

static bool is_it(const struct search *s, const json_t *entry, const json_t *where)
{
    return fits(entry, where) && !is_older(entry, json_object_get(s->look, "since")) &&
           !is_taken(s->look, entry, s->taken);
}

/* First entry of a list that fits. PHP sends a list whose numbers do not start at 0 as an object
 * (bitrix24.md §4). */
static const json_t *find_entry(const struct search *s, const json_t *where)
{
    const json_t *list = s->list;
    size_t i;
    const char *key;
    json_t *entry;
    json_array_foreach (list, i, entry) {
        if (is_it(s, entry, where))
            return entry;
    }
    if (json_is_object(list)) {
        json_object_foreach (jv_loose(list), key, entry) {
            if (is_it(s, entry, where))
                return entry;
        }
    }
    return NULL;
}

static bool has_all(const json_t *entry, const json_t *where)
{
    const char *name;
    json_t *wanted;
    json_object_foreach (jv_loose(where), name, wanted) {
        if (jv_at(entry, name) == NULL)
            return false;
    }
    return true;
}

/* By the mark; where the entries do not have such a member at all, by the rest. */
static const json_t *find_made(const struct search *s)
{
    const json_t *where = json_object_get(s->look, "where");
    const json_t *unmarked = json_object_get(s->look, "unmarked");
    const json_t *entry = find_entry(s, where);
    if (entry != NULL || unmarked == NULL)
        return entry;
    entry = find_entry(s, unmarked);
    return entry != NULL && !has_all(entry, where) ? entry : NULL;
}

/* What stands for the result that never came. */
static json_t *substitute_new(const json_t *look, const json_t *entry)
{
    const char *as = jv_text(look, "as", NULL);
    const json_t *id = entry_id(look, entry);
    if (as != NULL)
        return json_pack("{s:o}", as, json_deep_copy(entry));
    return json_pack("{s:o}", "id", id != NULL ? json_deep_copy(id) : json_null());
}

bool command_look_found(const json_t *look, const json_t *result, const json_t *taken,
                        json_t **ret_result)
{
    const json_t *equal = json_object_get(look, "equal");
    if (equal != NULL) {
        const json_t *object = jv_at(result, jv_text(look, "at", ""));
        if (!json_is_object(object) || !fits(object, equal))
            return false;
        *ret_result = json_deep_copy(result);
        return true;
    }
    const struct search search = {look, jv_at(result, jv_text(look, "list", "")), taken};
    const json_t *entry = find_made(&search);
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
