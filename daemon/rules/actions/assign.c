#include "daemon/rules/actions/actions.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/jv.h"
#include "common/mem.h"
#include "daemon/rules/item.h"

static const struct action_key keys[] = {
    {"to", KEY_USER, .required = true},
    {"cascade", KEY_TEXT},
};

/* The words of `cascade`; false with the first that is none. */
static bool next_word(const char **at, char word[32])
{
    static const char separators[] = ", \t\n";
    *at += strspn(*at, separators);
    size_t size = strcspn(*at, separators);
    (void)snprintf(word, 32, "%.*s", size < 32 ? (int)size : 31, *at);
    *at += size;
    return size > 0;
}

typedef enum planned cascade_fn(struct plan *, const char *word, int64_t user);
static cascade_fn assign_related, assign_activities, assign_tasks;

static const struct {
    const char *word;
    cascade_fn *assign;
} cascades[] = {
    {"contact", assign_related},       {"contacts", assign_related}, {"company", assign_related},
    {"activities", assign_activities}, {"tasks", assign_tasks},
};
enum { CASCADES = sizeof cascades / sizeof cascades[0] };

/* NULL: no such word. */
static cascade_fn *cascade_find(const char *word)
{
    for (size_t i = 0; i < CASCADES; i++)
        if (strcmp(cascades[i].word, word) == 0)
            return cascades[i].assign;
    return NULL;
}

static void check(const struct step *step, const struct rule *rule, struct diag *diag)
{
    char word[32];
    const struct step_key *key = step_key_find(step, "cascade");
    const struct entity_kind *kind = entity_kind_of(rule->entity_type);
    if (kind != NULL && !kind->universal)
        (void)diag_add(diag, step->at,
                       "a %s cannot be assigned; leads, deals, contacts, companies and items can",
                       kind->word);
    if (key == NULL || key->value == NULL)
        return;
    for (const char *at = template_text(key->value); next_word(&at, word);)
        if (cascade_find(word) == NULL)
            (void)diag_add(diag, key->value_at,
                           "unknown cascade \"%s\"; contact, contacts, company, activities and "
                           "tasks are known",
                           word);
}

static enum planned assign_one(struct plan *p, int64_t n, const struct entity *entity, int64_t user)
{
    return item_update(p, n, entity, json_pack("{s:I}", "assignedById", (json_int_t)user));
}

/* The numbers of commands: 0 is the entity, 1 its company, N + 1 contact N; activities, tasks and
 * the pages of their lists have ranges of their own, by their ids. */
static const int64_t activity_range = INT64_C(1000000000000);
static const int64_t task_range = INT64_C(2000000000000);
static const int64_t activity_pages = INT64_C(3000000000000);
static const int64_t task_pages = INT64_C(4000000000000);
enum { MOST_PAGES = 10, PAGE = 50 };

static enum planned assign_related(struct plan *p, const char *word, int64_t user)
{
    JV_AUTO *ids = NULL;
    int type = ENTITY_NONE;
    size_t i;
    json_t *id;
    enum planned all = item_related(p, word, &type, &ids);
    json_array_foreach (ids, i, id) {
        int64_t number = json_integer_value(id);
        struct entity related = {.type = type};
        (void)snprintf(related.id, sizeof related.id, "%" PRId64, number);
        enum planned one = assign_one(p, type == ENTITY_COMPANY ? 1 : number + 1, &related, user);
        if (one != PLAN_READY && all != PLAN_BAD)
            all = one;
    }
    return all;
}

/* ---- what hangs on the entity: listed first, page by page, then written one by one ----------- */

/* A list that grows while it is read must not lose a row: each page begins behind the last id
 * (bitrix24.md §10 no. 20). */
struct hanging {
    const char *method, *rows;    /* of the list, and where its rows are */
    const char *id, *responsible; /* members of a row */
    int64_t pages, range;         /* numbers of commands */
    json_t *(*params_new)(const struct entity *, int64_t after);
    bool (*wanted)(const json_t *row);
    void (*write)(struct plan *, int64_t n, int64_t id, int64_t user);
};

static void assign_row(struct plan *p, const struct hanging *h, const json_t *row, int64_t user)
{
    int64_t id = jv_int(row, h->id, 0);
    if (id > 0 && h->wanted(row) && jv_int(row, h->responsible, 0) != user)
        h->write(p, h->range + id, id, user);
}

static enum planned assign_hanging(struct plan *p, const struct hanging *h, int64_t user)
{
    const struct entity *own = NULL;
    enum planned planned = plan_own(p, &own);
    int64_t after = 0;
    for (int page = 0; planned == PLAN_READY; page++) {
        size_t i;
        json_t *row;
        if (page == MOST_PAGES)
            return plan_bad(p, "%s: more than %d are open", h->method, MOST_PAGES * PAGE);
        (void)plan_rest(p, h->pages + page, h->method, h->params_new(own, after));
        const json_t *rows = jv_at(plan_result(p, h->pages + page), h->rows);
        json_array_foreach (jv_loose(rows), i, row) {
            assign_row(p, h, row, user);
            after = jv_int(row, h->id, after);
        }
        if (json_array_size(rows) < PAGE)
            return PLAN_READY;
    }
    return planned;
}

static json_t *activities_new(const struct entity *own, int64_t after)
{
    JV_AUTO *id = json_string(own->id);
    return json_pack("{s:{s:[{s:i, s:I}], s:s, s:I}, s:[s,s,s,s], s:{s:s}, s:i}", "filter",
                     "BINDINGS", "OWNER_TYPE_ID", own->type, "OWNER_ID",
                     (json_int_t)jv_int(id, "", 0), "COMPLETED", "N", ">ID", (json_int_t)after,
                     "select", "ID", "TYPE_ID", "PROVIDER_ID", "RESPONSIBLE_ID", "order", "ID",
                     "ASC", "start", -1);
}

/* A task shows itself among the activities too; whose it is, is the task's to say. */
static bool is_no_task(const json_t *row)
{
    return jv_int(row, "TYPE_ID", 0) != 3 &&
           strcmp(jv_text(row, "PROVIDER_ID", ""), "CRM_TASKS_TASK") != 0;
}

static void write_activity(struct plan *p, int64_t n, int64_t id, int64_t user)
{
    (void)plan_rest(p, n, "crm.activity.update",
                    json_pack("{s:I, s:{s:I}}", "id", (json_int_t)id, "fields", "RESPONSIBLE_ID",
                              (json_int_t)user));
}

static enum planned assign_activities(struct plan *p, const char *word, int64_t user)
{
    (void)word;
    const struct hanging h = {"crm.activity.list",
                              "",
                              "ID",
                              "RESPONSIBLE_ID",
                              activity_pages,
                              activity_range,
                              activities_new,
                              is_no_task,
                              write_activity};
    return assign_hanging(p, &h, user);
}

static json_t *tasks_new(const struct entity *own, int64_t after)
{
    char binding[ENTITY_ID_SIZE + 32];
    (void)entity_print_binding(own, binding); /* what can be assigned has one */
    return json_pack("{s:{s:s, s:i, s:I}, s:[s,s], s:{s:s}}", "filter", "UF_CRM_TASK", binding,
                     "!REAL_STATUS", 5, ">ID", (json_int_t)after, "select", "ID", "RESPONSIBLE_ID",
                     "order", "ID", "asc");
}

static bool is_any(const json_t *row)
{
    (void)row;
    return true;
}

static void write_task(struct plan *p, int64_t n, int64_t id, int64_t user)
{
    (void)plan_rest(p, n, "tasks.task.update",
                    json_pack("{s:I, s:{s:I}}", "taskId", (json_int_t)id, "fields",
                              "RESPONSIBLE_ID", (json_int_t)user));
}

static enum planned assign_tasks(struct plan *p, const char *word, int64_t user)
{
    (void)word;
    const struct hanging h = {"tasks.task.list", "tasks",   "id",   "responsibleId", task_pages,
                              task_range,        tasks_new, is_any, write_task};
    return assign_hanging(p, &h, user);
}

/* ---- the whole ------------------------------------------------------------------------------- */

static enum planned assign_all(struct plan *p, const struct entity *own, const char *cascade,
                               int64_t user)
{
    char word[32];
    enum planned all = assign_one(p, 0, own, user);
    for (const char *at = cascade; all != PLAN_BAD && next_word(&at, word);) {
        cascade_fn *assign = cascade_find(word);
        enum planned one = assign != NULL ? assign(p, word, user)
                                          : plan_bad(p, "cascade: unknown word \"%s\"", word);
        if (one != PLAN_READY)
            all = one;
    }
    return all;
}

static enum planned plan(struct plan *p)
{
    char *cascade = NULL;
    int64_t user = 0;
    const struct entity *own = NULL;
    enum planned parts[] = {
        plan_own(p, &own),
        plan_user(p, "to", &user),
        plan_optional(p, "cascade", PLAN_TITLE_LETTERS, &cascade),
    };
    enum planned planned = plan_all(parts, sizeof parts / sizeof parts[0]);
    if (planned == PLAN_READY && user == 0)
        planned = plan_bad(p, "to: nobody is named");
    if (planned == PLAN_READY)
        planned = assign_all(p, own, cascade == NULL ? "" : cascade, user);
    mem_free(cascade);
    return planned;
}

const struct action action_assign = {
    .name = "assign",
    .target = TARGET_NONE,
    .keys = keys,
    .key_count = sizeof keys / sizeof keys[0],
    .check = check,
    .plan = plan,
};
