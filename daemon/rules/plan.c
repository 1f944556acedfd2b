#include "daemon/rules/plan.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "common/buf.h"
#include "common/duration.h"
#include "common/jv.h"
#include "common/mem.h"
#include "common/utf8.h"
#include "daemon/model/need.h"
#include "daemon/rules/look.h"
#include "daemon/rules/team.h"

enum { RECENT_MS = 2 * 60 * 1000, DAY_MS = 24 * 60 * 60 * 1000 };

enum planned plan_bad(struct plan *p, const char *format, ...)
{
    char text[sizeof p->err.text];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    (void)err_set(&p->err, "%s", text);
    return PLAN_BAD;
}

enum planned plan_all(const enum planned *parts, size_t count)
{
    enum planned all = PLAN_READY;
    for (size_t i = 0; i < count && all != PLAN_BAD; i++)
        if (parts[i] != PLAN_READY)
            all = parts[i];
    return all;
}

enum planned plan_known(struct plan *p, enum known known, const char *key)
{
    switch (known) {
    case KNOWN:
        return PLAN_READY;
    case KNOWN_NOT:
        return PLAN_NEED;
    case KNOWN_BAD:
        break;
    }
    if (key == NULL)
        return plan_bad(p, "%s", p->scope->err.text);
    return plan_bad(p, "%s: %s", key, p->scope->err.text);
}

const struct step_key *step_key_find(const struct step *step, const char *name)
{
    for (size_t i = 0; i < step->key_count; i++)
        if (strcmp(step->keys[i].name, name) == 0)
            return &step->keys[i];
    return NULL;
}

static enum template_into into_of(const struct action_key *key)
{
    if (key != NULL && key->type == KEY_BB)
        return INTO_BB;
    return key != NULL && key->type == KEY_URL ? INTO_URL : INTO_PLAIN;
}

enum planned plan_text(struct plan *p, const char *name, char **ret)
{
    const struct step_key *key = step_key_find(p->step, name);
    *ret = NULL;
    if (key == NULL || key->value == NULL)
        return PLAN_READY;
    enum template_into into = into_of(action_key_find(p->step->action, name));
    return plan_known(p, template_text_of(key->value, p->scope, into, ret), name);
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* Takes `text`; returns it trimmed and cut, NULL when nothing is left. */
static char *tidy_new(char *text, size_t letters)
{
    const char *from = text;
    while (is_blank(*from))
        from++;
    size_t size = strlen(from);
    while (size > 0 && is_blank(from[size - 1]))
        size--;
    char *ret = size == 0 ? NULL : mem_strndup(from, size);
    mem_free(text);
    if (ret != NULL && utf8_length(ret) > letters) {
        char *cut = mem_printf("%.*s…", (int)utf8_prefix(ret, letters - 1), ret);
        mem_free(ret);
        ret = cut;
    }
    return ret;
}

enum planned plan_optional(struct plan *p, const char *key, size_t letters, char **ret)
{
    enum planned planned = plan_text(p, key, ret);
    if (planned == PLAN_READY && *ret != NULL)
        *ret = tidy_new(*ret, letters);
    return planned;
}

enum planned plan_filled(struct plan *p, const char *key, size_t letters, char **ret)
{
    enum planned planned = plan_optional(p, key, letters, ret);
    if (planned == PLAN_READY && *ret == NULL)
        return plan_bad(p, "%s is empty", key);
    return planned;
}

static bool holds(const json_t *list, const json_t *id)
{
    size_t i;
    json_t *element;
    json_array_foreach (jv_loose(list), i, element)
        if (jv_same(element, id))
            return true;
    return false;
}

/* Of a team a key for one user means one, a key for several all. */
static enum known users_of_value(struct plan *p, const char *name, const json_t *value,
                                 json_t **ret_ids)
{
    const struct action_key *key = action_key_find(p->step->action, name);
    p->scope->one_of_team = key != NULL && key->type == KEY_USER;
    enum known known = scope_users(p->scope, value, ret_ids);
    p->scope->one_of_team = false;
    return known;
}

static enum planned users_of_line(struct plan *p, const struct step_key *key, json_t *all)
{
    JV_AUTO *value = NULL;
    JV_AUTO *ids = NULL;
    enum planned planned =
        plan_known(p, template_value_of(key->value, p->scope, &value), key->name);
    if (planned != PLAN_READY || jv_is_empty(value))
        return planned;
    planned = plan_known(p, users_of_value(p, key->name, value, &ids), key->name);
    size_t i;
    json_t *id;
    json_array_foreach (ids, i, id)
        if (!holds(all, id))
            (void)json_array_append(all, id);
    return planned;
}

/* Is something handed to whom the key names, so that a deputy is to have it? Who made a task is no
 * such person. */
static bool goes_to(const char *name)
{
    return strcmp(name, "creator") != 0;
}

/* The key may stand in several lines. */
enum planned plan_users(struct plan *p, const char *name, json_t **ret_ids)
{
    JV_AUTO *all = json_array();
    enum planned worst = PLAN_READY;
    *ret_ids = NULL;
    for (size_t i = 0; i < p->step->key_count && worst != PLAN_BAD; i++) {
        const struct step_key *key = &p->step->keys[i];
        if (key->value == NULL || strcmp(key->name, name) != 0)
            continue;
        enum planned planned = users_of_line(p, key, all);
        if (planned != PLAN_READY)
            worst = planned;
    }
    if (worst == PLAN_READY && goes_to(name))
        worst = plan_known(p, team_stand_ins(p->scope, &all), name);
    if (worst == PLAN_READY)
        *ret_ids = json_incref(all);
    return worst;
}

enum planned plan_user(struct plan *p, const char *key, int64_t *ret)
{
    JV_AUTO *ids = NULL;
    enum planned planned = plan_users(p, key, &ids);
    *ret = 0;
    if (planned != PLAN_READY)
        return planned;
    if (json_array_size(ids) > 1)
        return plan_bad(p, "%s: one user is wanted, not %zu", key, json_array_size(ids));
    *ret = jv_int(ids, "0", 0);
    return PLAN_READY;
}

enum planned plan_responsible(struct plan *p, const char *key, int64_t *ret)
{
    /* As the three APIs call it: crm.item.*, tasks.task.*, crm.activity.* (bitrix24.md §8). */
    static const char *const names[] = {"assignedById", "responsibleId", "RESPONSIBLE_ID"};
    const json_t *record = NULL;
    enum planned planned = plan_user(p, key, ret);
    if (planned != PLAN_READY || *ret != 0 || p->scope->entity.type == ENTITY_NONE)
        return planned;
    planned = plan_record(p, &p->scope->entity, &record);
    if (planned != PLAN_READY)
        return planned;
    for (size_t i = 0; i < sizeof names / sizeof names[0] && *ret == 0; i++)
        *ret = jv_int(record, names[i], 0);
    if (*ret == 0)
        return PLAN_READY;
    JV_AUTO *ids = json_pack("[I]", (json_int_t)*ret);
    planned = plan_known(p, team_stand_ins(p->scope, &ids), key);
    *ret = planned == PLAN_READY ? jv_int(ids, "0", 0) : 0;
    return planned;
}

enum planned plan_id(struct plan *p, const char *key, int64_t *ret)
{
    char *text = NULL;
    enum planned planned = plan_optional(p, key, PLAN_TITLE_LETTERS, &text);
    *ret = -1;
    if (planned == PLAN_READY && text != NULL) {
        JV_AUTO *value = jv_string_new(text);
        *ret = jv_int(value, "", -1);
        if (*ret < 0)
            planned = plan_bad(p, "%s: \"%s\" is not an id", key, text);
    }
    mem_free(text);
    return planned;
}

static const struct calendar *calendar_of(const struct plan *p)
{
    const struct rules_env *env = p->scope->env;
    if (p->step->calendar != NULL)
        return env->calendar(env->calendar_arg, p->step->calendar);
    return env->default_calendar;
}

enum planned plan_reckon(struct plan *p, const char *key, const struct moment *moment, char out[26])
{
    const struct rules_env *env = p->scope->env;
    const struct calendar *calendar = calendar_of(p);
    struct err err = {0};
    int64_t at = 0;
    if (calendar == NULL && moment_needs_calendar(moment))
        return plan_bad(p, "%s: there are several calendars, the step must name one", key);
    if (!moment_reckon(moment, env->now_ms, env->zone, calendar, &at, &err))
        return plan_bad(p, "%s: %s", key, err.text);
    zone_iso(env->zone, at, out);
    return PLAN_READY;
}

/* An empty date field means what an absent key means. */
enum planned plan_moment(struct plan *p, const char *key, const char *otherwise, char out[26])
{
    char *text = NULL;
    size_t offset = 0;
    struct moment moment;
    struct err err = {0};
    enum planned planned = plan_optional(p, key, PLAN_TITLE_LETTERS, &text);
    if (planned != PLAN_READY)
        return planned;
    if (!moment_parse(text == NULL ? otherwise : text, &moment, &offset, &err))
        planned = plan_bad(p, "%s: %s", key, err.text);
    else
        planned = plan_reckon(p, key, &moment, out);
    mem_free(text);
    return planned;
}

enum planned plan_own(struct plan *p, const struct entity **ret)
{
    *ret = &p->scope->entity;
    if ((*ret)->type == ENTITY_NONE)
        return plan_bad(p, "the event that started this belongs to no entity");
    return PLAN_READY;
}

enum planned plan_record(struct plan *p, const struct entity *entity, const json_t **ret)
{
    char need[NEED_SIZE], name[ENTITY_ID_SIZE + 32];
    need_print_entity(entity->type, entity->id, need);
    entity_print(entity, name);
    enum planned planned = plan_known(p, scope_fact(p->scope, need, ret), name);
    if (planned == PLAN_READY && json_is_null(*ret))
        return plan_bad(p, "%s has been deleted", name);
    return planned;
}

static void print_key(const struct plan *p, int64_t n, int attempt, char out[48])
{
    int size = snprintf(out, 48, "%d.%" PRId64, p->run->step, n);
    if (attempt > 0)
        (void)snprintf(out + size, 48 - (size_t)size, "~%d", attempt);
}

void plan_mark(const struct plan *p, int64_t n, char out[64])
{
    int size = snprintf(out, 64, "%" PRId64 ".%d.%" PRId64, p->run->id, p->run->step, n);
    if (p->run->created_ms > 0)
        (void)snprintf(out + size, 64 - (size_t)size, ".%" PRIx64, (uint64_t)p->run->created_ms);
}

static bool answer_is_good(const json_t *answer)
{
    enum verdict verdict = VERDICT_NONE;
    if (!verdict_parse(jv_text(answer, "verdict", ""), &verdict))
        return false;
    return verdict == VERDICT_DONE || verdict == VERDICT_SHADOW;
}

const json_t *plan_answer(const struct plan *p, int64_t n)
{
    char key[48];
    for (int attempt = p->run->attempt; attempt >= 0; attempt--) {
        print_key(p, n, attempt, key);
        const json_t *answer = json_object_get(p->answers, key);
        if (answer != NULL && (attempt == p->run->attempt || answer_is_good(answer)))
            return answer;
    }
    return NULL;
}

const json_t *plan_result(const struct plan *p, int64_t n)
{
    const json_t *answer = plan_answer(p, n);
    if (!answer_is_good(answer))
        return NULL;
    return json_object_get(answer, "result");
}

struct command *plan_call(struct plan *p, int64_t n, const char *method, json_t *params,
                          json_t *look)
{
    if (p->count > PLAN_MOST_CALLS) /* one above the ceiling is kept: it tells the story */
        command_done(&p->commands[--p->count]);
    p->commands = mem_grow(p->commands, p->count + 1, sizeof p->commands[0]);
    struct command *command = &p->commands[p->count++];
    *command = (struct command){
        .kind = COMMAND_REST,
        .method = mem_strdup(method),
        .params = params,
        .write = !look_is_read(method),
        .unsure = p->step->unsure,
        .look = look,
    };
    print_key(p, n, p->run->attempt, command->key);
    return command;
}

struct command *plan_rest(struct plan *p, int64_t n, const char *method, json_t *params)
{
    const struct rules_env *env = p->scope->env;
    struct look_since since;
    zone_iso(env->zone, env->now_ms - RECENT_MS, since.recent);
    zone_iso(env->zone, env->now_ms - DAY_MS, since.day);
    json_t *look = look_is_read(method) ? NULL : look_new(method, params, &since);
    return plan_call(p, n, method, params, look);
}

json_t *plan_id_of_new(const json_t *result)
{
    json_t *ret = json_object();
    const json_t *id = command_result_id(result);
    if (id == NULL)
        return ret;
    JV_AUTO *tree = json_pack("{s:O}", "id", id);
    int64_t number = jv_int(tree, "id", -1);
    (void)json_object_set_new(ret, "id",
                              number < 0 ? json_copy(jv_loose(id)) : json_integer(number));
    return ret;
}
