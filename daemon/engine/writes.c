#include "daemon/engine/writes.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "common/jv.h"
#include "common/mem.h"

enum { BUCKETS = 256 };

struct write {
    struct write *next;
    int64_t portal;
    struct entity entity;
    int under_way;
};

struct writes {
    pthread_mutex_t lock; /* guards buckets */
    struct write *buckets[BUCKETS];
};

struct writes *writes_new(void)
{
    struct writes *w = mem_alloc(sizeof *w);
    pthread_mutex_init(&w->lock, NULL);
    return w;
}

void writes_free(struct writes *w)
{
    if (w == NULL)
        return;
    for (size_t i = 0; i < BUCKETS; i++)
        while (w->buckets[i] != NULL) {
            struct write *first = w->buckets[i];
            w->buckets[i] = first->next;
            mem_free(first);
        }
    pthread_mutex_destroy(&w->lock);
    mem_free(w);
}

static struct write **place_of(struct writes *w, int64_t portal, const struct entity *entity)
{
    struct write **at = &w->buckets[entity_hash(portal, entity) % BUCKETS];
    while (*at != NULL && ((*at)->portal != portal || !entity_same(&(*at)->entity, entity)))
        at = &(*at)->next;
    return at;
}

void writes_begin(struct writes *w, int64_t portal, const struct entity *entity)
{
    pthread_mutex_lock(&w->lock);
    struct write **at = place_of(w, portal, entity);
    if (*at == NULL) {
        *at = mem_alloc(sizeof **at);
        (*at)->portal = portal;
        (*at)->entity = *entity;
    }
    (*at)->under_way++;
    pthread_mutex_unlock(&w->lock);
}

void writes_end(struct writes *w, int64_t portal, const struct entity *entity)
{
    pthread_mutex_lock(&w->lock);
    struct write **at = place_of(w, portal, entity);
    if (*at != NULL && --(*at)->under_way == 0) {
        struct write *gone = *at;
        *at = gone->next;
        mem_free(gone);
    }
    pthread_mutex_unlock(&w->lock);
}

bool writes_under_way(struct writes *w, int64_t portal, const struct entity *entity,
                      bool newly_added)
{
    struct entity any = {.type = entity->type, .id = "*"};
    pthread_mutex_lock(&w->lock);
    bool busy =
        *place_of(w, portal, entity) != NULL || (newly_added && *place_of(w, portal, &any) != NULL);
    pthread_mutex_unlock(&w->lock);
    return busy;
}

/* Methods that change what rules follow (bitrix24.md §8.2, §8.3, §8.6, §8.7). `id` and `type` are
 * where the parameters hold them; NULL id: the call creates, and `made` is where the answer says.
 */
struct writing_method {
    const char *method;
    int type; /* 0: read from `type_at` */
    const char *type_at;
    const char *id_at;
    const char *made_at;
    const char *record_at; /* the whole record in the answer */
    const char *fields_at;
};

static const struct writing_method methods[] = {
    {"crm.item.update", 0, "entityTypeId", "id", NULL, "item", "fields"},
    {"crm.item.add", 0, "entityTypeId", NULL, "item.id", "item", "fields"},
    {"crm.item.delete", 0, "entityTypeId", "id", NULL, NULL, NULL},
    {"crm.lead.update", ENTITY_LEAD, NULL, "id", NULL, NULL, NULL},
    {"crm.deal.update", ENTITY_DEAL, NULL, "id", NULL, NULL, NULL},
    {"crm.contact.update", ENTITY_CONTACT, NULL, "id", NULL, NULL, NULL},
    {"crm.company.update", ENTITY_COMPANY, NULL, "id", NULL, NULL, NULL},
    {"crm.quote.update", ENTITY_QUOTE, NULL, "id", NULL, NULL, NULL},
    {"crm.lead.add", ENTITY_LEAD, NULL, NULL, "", NULL, NULL},
    {"crm.deal.add", ENTITY_DEAL, NULL, NULL, "", NULL, NULL},
    {"crm.contact.add", ENTITY_CONTACT, NULL, NULL, "", NULL, NULL},
    {"crm.company.add", ENTITY_COMPANY, NULL, NULL, "", NULL, NULL},
    {"crm.quote.add", ENTITY_QUOTE, NULL, NULL, "", NULL, NULL},
    {"tasks.task.add", ENTITY_TASK, NULL, NULL, "task.id", NULL, NULL},
    {"tasks.task.update", ENTITY_TASK, NULL, "taskId", NULL, NULL, NULL},
    {"tasks.task.complete", ENTITY_TASK, NULL, "taskId", NULL, NULL, NULL},
    {"crm.activity.todo.add", ENTITY_ACTIVITY, NULL, NULL, "id", NULL, NULL},
    {"crm.activity.add", ENTITY_ACTIVITY, NULL, NULL, "", NULL, NULL},
    {"crm.activity.update", ENTITY_ACTIVITY, NULL, "id", NULL, NULL, NULL},
};

static const struct writing_method *method_of(const struct command *command)
{
    if (command->kind != COMMAND_REST || !command->write || command->method == NULL)
        return NULL;
    for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++)
        if (strcasecmp(methods[i].method, command->method) == 0)
            return &methods[i];
    return NULL;
}

/* Parameter names come in either case in the classic methods (§8.3). */
static int64_t id_param(const json_t *params, const char *name)
{
    int64_t id = jv_int(params, name, 0);
    return id != 0 || strcmp(name, "id") != 0 ? id : jv_int(params, "ID", 0);
}

static bool target(const struct writing_method *m, const struct command *command,
                   const json_t *result, struct entity *ret)
{
    struct entity found = {.type = m->type};
    if (m->type == ENTITY_NONE)
        found.type = (int)jv_int(command->params, m->type_at, 0);
    int64_t id = 0;
    if (m->id_at != NULL)
        id = id_param(command->params, m->id_at);
    else if (result != NULL)
        id = m->made_at[0] == '\0' ? (json_is_integer(result) ? json_integer_value(result) : 0)
                                   : jv_int(result, m->made_at, 0);
    if (id > 0)
        (void)snprintf(found.id, sizeof found.id, "%lld", (long long)id);
    else if (m->id_at == NULL && result == NULL)
        (void)snprintf(found.id, sizeof found.id, "*");
    if (found.type == ENTITY_NONE || found.id[0] == '\0')
        return false;
    *ret = found;
    return true;
}

bool writes_target(const struct command *command, struct entity *ret)
{
    const struct writing_method *m = method_of(command);
    return m != NULL && target(m, command, NULL, ret);
}

bool writes_outcome(const struct command *command, const json_t *result, struct entity *ret,
                    const json_t **ret_record, const json_t **ret_fields)
{
    const struct writing_method *m = method_of(command);
    json_t *nothing = json_null();
    if (m == NULL || !target(m, command, result != NULL ? result : nothing, ret))
        return false;
    const json_t *record = m->record_at != NULL ? jv_at(result, m->record_at) : NULL;
    *ret_record = json_object_size(record) > 2 ? record : NULL;
    *ret_fields = m->fields_at != NULL ? jv_at(command->params, m->fields_at) : NULL;
    return true;
}
