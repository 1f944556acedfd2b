#include "daemon/portal/pack.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "common/buf.h"
#include "common/form.h"
#include "common/jv.h"
#include "common/mem.h"

enum {
    LEAVES_MOST = 400,   /* PHP reads at most 1000 variables of one string */
    DEPTH_MOST = 16,     /* brackets of one name */
    KEPT_FREE = 5,       /* places that a more urgent crowd leaves to each lesser priority */
    SLOW_MS = 20 * 1000, /* a batch longer than this shrinks the next */
    QUICK_MS = 8 * 1000, /* one shorter lets it grow */
    SMALLEST = 5,
};

/* Methods that never travel in a batch: beginnings, and pieces anywhere in the name. */
static const char *const alone_prefixes[] = {
    "batch", /* ERROR_BATCH_METHOD_NOT_ALLOWED */
    "api/",  /* REST 3.0 is JSON only (§3.7) */
    "task.", /* arguments by position (§3.1): the order must survive */
};
static const char *const alone_pieces[] = {"upload", "download"};

/* Seconds that an urgent call may wait in its batch for what travels with it. */
static const double COMPANY_S = 0.5;

/* References that the batch would fill in (§4); case ignored, to be safe. */
static const char *const references[] = {"$result[", "$next[", "$total[", "$error[", "$time["};

static bool method_goes_alone(const char *method)
{
    for (size_t i = 0; i < sizeof alone_prefixes / sizeof alone_prefixes[0]; i++)
        if (strncasecmp(method, alone_prefixes[i], strlen(alone_prefixes[i])) == 0)
            return true;
    for (size_t i = 0; i < sizeof alone_pieces / sizeof alone_pieces[0]; i++)
        if (strcasestr(method, alone_pieces[i]) != NULL)
            return true;
    return method[strcspn(method, "?#&= /")] != '\0';
}

static bool text_is_faithful(const char *text, size_t size)
{
    if (strlen(text) != size)
        return false; /* a NUL inside */
    if (strchr(text, '$') == NULL)
        return true;
    for (size_t i = 0; i < sizeof references / sizeof references[0]; i++)
        if (strcasestr(text, references[i]) != NULL)
            return false;
    return true;
}

/* PHP turns . and blank of a first name into _, and takes brackets for nesting; an empty name means
 * "the next number". */
static bool name_is_faithful(const char *name, bool first)
{
    return name[0] != '\0' && name[strcspn(name, first ? "[]. " : "[]")] == '\0' &&
           text_is_faithful(name, strlen(name));
}

/* Can a query string say the same? It has no null, no booleans, and no empty lists. */
static bool value_is_faithful(const json_t *value, int depth, int *leaves)
{
    const char *name;
    json_t *member;
    size_t i;
    if (depth > DEPTH_MOST || ++*leaves > LEAVES_MOST)
        return false;
    switch (json_typeof(value)) {
    case JSON_NULL:
    case JSON_TRUE:
    case JSON_FALSE:
        return false;
    case JSON_INTEGER:
    case JSON_REAL:
        return true;
    case JSON_STRING:
        return text_is_faithful(json_string_value(value), json_string_length(value));
    case JSON_ARRAY:
        json_array_foreach (value, i, member) {
            if (!value_is_faithful(member, depth + 1, leaves))
                return false;
        }
        return json_array_size(value) > 0;
    case JSON_OBJECT:
        json_object_foreach (jv_loose(value), name, member) {
            if (!name_is_faithful(name, depth == 0) ||
                !value_is_faithful(member, depth + 1, leaves))
                return false;
        }
        return depth == 0 || json_object_size(value) > 0;
    }
    return false;
}

char *pack_command_new(const struct command *command)
{
    int leaves = 0;
    if (command->kind != COMMAND_REST || method_goes_alone(command->method))
        return NULL;
    if (command->params != NULL &&
        (!json_is_object(command->params) || !value_is_faithful(command->params, 0, &leaves)))
        return NULL;
    struct buf text BUF_AUTO;
    buf_init(&text, PACK_COMMAND_BYTES);
    buf_text(&text, command->method);
    if (json_object_size(command->params) > 0) {
        buf_char(&text, '?');
        form_encode(&text, command->params, true);
    }
    return text.full ? NULL : buf_take(&text);
}

/* The request in the making. */
struct packing {
    struct queue *queue;
    struct budget *budget;
    const struct pack_terms *terms;
    struct call **calls;
    size_t count, bytes;
    double seconds; /* that the calls are expected to take, one after another */
    double most_s;
    int64_t wait_ms; /* shortest wait of those that could not go, -1 none */
};

static const char *encoded(struct call *call)
{
    if (!call->encoded_known) {
        call->encoded = pack_command_new(&call->command);
        call->encoded_known = true;
    }
    return call->encoded;
}

static bool may_go(struct packing *packing, const struct call *call)
{
    int64_t wait = call->not_before_ms - packing->terms->mono_ms;
    if (wait <= 0)
        wait =
            budget_method_wait_ms(packing->budget, call->command.method, packing->terms->wall_ms);
    if (wait > 0 && (packing->wait_ms < 0 || wait < packing->wait_ms))
        packing->wait_ms = wait;
    return wait <= 0;
}

static void take(struct packing *packing, struct call *call)
{
    queue_take(packing->queue, call);
    budget_promise(packing->budget, call->command.method, packing->terms->wall_ms);
    packing->calls[packing->count++] = call;
    packing->bytes += call->encoded != NULL ? strlen(call->encoded) : 0;
    packing->seconds += budget_cost(packing->budget, call->command.method);
}

static bool has_time(const struct packing *packing, const struct call *call)
{
    return packing->seconds + budget_cost(packing->budget, call->command.method) <= packing->most_s;
}

static bool fits(struct packing *packing, struct call *call)
{
    return packing->count < (size_t)packing->terms->most && encoded(call) != NULL &&
           packing->bytes + strlen(call->encoded) <= PACK_BATCH_BYTES && has_time(packing, call) &&
           may_go(packing, call);
}

/* The call, and those of its lane that can travel behind it. */
static void take_lane(struct packing *packing, struct call *call)
{
    take(packing, call);
    if (call->encoded == NULL)
        return;
    for (struct call *next = queue_follower(call); next != NULL && fits(packing, next);
         next = queue_follower(call))
        take(packing, next);
}

/* Fills up from one priority while no more than `most` are in. */
static void fill(struct packing *packing, enum priority priority, size_t most)
{
    struct call *call = packing->queue->ready[priority].first;
    while (call != NULL && packing->count < most) {
        struct call *next = call->next;
        if (fits(packing, call))
            take_lane(packing, call);
        call = next;
    }
}

static struct call *first_that_may(struct packing *packing, enum priority priority)
{
    struct call *call = packing->queue->ready[priority].first;
    while (call != NULL && !may_go(packing, call))
        call = call->next;
    return call;
}

/* Whom the request is made for: the most urgent, now and then the oldest. `ret`: where it stands.
 */
static struct call *choose_leader(struct packing *packing, enum priority *ret)
{
    bool oldest = packing->terms->turn % PACK_OLDEST_EVERY == PACK_OLDEST_EVERY - 1;
    struct call *leader = NULL;
    for (int i = 0; i < QUEUE_PRIORITIES && (leader == NULL || oldest); i++) {
        struct call *call = first_that_may(packing, (enum priority)i);
        if (call == NULL || (leader != NULL && call->order > leader->order))
            continue;
        leader = call;
        *ret = (enum priority)i;
    }
    return leader;
}

/* Each priority leaves a few places to those below it, then whoever waits takes what is left. */
static void fill_from(struct packing *packing, int first, size_t most)
{
    for (int i = first; i < QUEUE_PRIORITIES; i++) {
        size_t kept = KEPT_FREE * (size_t)(QUEUE_PRIORITIES - 1 - i);
        fill(packing, (enum priority)i, most > kept ? most - kept : 1);
    }
    for (int i = first; i < QUEUE_PRIORITIES; i++)
        fill(packing, (enum priority)i, most);
}

/* Somebody waits for the leader: with requests in plenty it takes urgent company only, and little
 * of it; else all urgent calls share the request, and of the others whatever is quick. */
static void fill_urgent(struct packing *packing, size_t most)
{
    double all_s = packing->most_s;
    if (packing->terms->plenty) {
        packing->most_s = packing->seconds + COMPANY_S;
        fill(packing, PRIORITY_URGENT, most);
        return;
    }
    size_t kept = KEPT_FREE * (QUEUE_PRIORITIES - 1);
    fill(packing, PRIORITY_URGENT, most > kept ? most - kept : 1);
    packing->most_s = fmin(all_s, packing->seconds + COMPANY_S);
    fill_from(packing, PRIORITY_URGENT, most);
}

size_t pack_choose(struct queue *queue, struct budget *budget, const struct pack_terms *terms,
                   struct call *ret[PACK_MOST], int64_t *ret_wait_ms)
{
    struct packing packing = {
        .queue = queue,
        .budget = budget,
        .terms = terms,
        .calls = ret,
        .most_s = terms->most_s > 0 ? terms->most_s : PACK_MOST_S,
        .wait_ms = -1,
    };
    enum priority priority = PRIORITY_BULK;
    struct call *leader = choose_leader(&packing, &priority);
    *ret_wait_ms = packing.wait_ms;
    if (leader == NULL)
        return 0;
    size_t most = (size_t)terms->most;
    if (encoded(leader) == NULL || most < 2) {
        take(&packing, leader);
        return packing.count;
    }
    take_lane(&packing, leader);
    if (priority == PRIORITY_URGENT)
        fill_urgent(&packing, most);
    else /* urgent calls do not wait for a whole batch of others: the next request is theirs */
        fill_from(&packing, PRIORITY_NORMAL, most);
    return packing.count;
}

void pack_key(size_t i, char out[8])
{
    (void)snprintf(out, 8, "c%zu", i % 100);
}

json_t *pack_batch_new(struct call *const *calls, size_t count)
{
    json_t *commands = json_object();
    for (size_t i = 0; i < count; i++) {
        char key[8];
        pack_key(i, key);
        json_object_set_new(commands, key, jv_string_new(calls[i]->encoded));
    }
    return json_pack("{s:i, s:o}", "halt", 0, "cmd", commands);
}

int pack_most_after(int most, size_t count, int64_t took_ms)
{
    if (took_ms > SLOW_MS && count > 1) {
        int smaller = (int)((int64_t)count * QUICK_MS / took_ms);
        smaller = smaller < most ? smaller : most;
        return smaller > SMALLEST ? smaller : SMALLEST;
    }
    if (took_ms < QUICK_MS && most < PACK_MOST)
        return most + SMALLEST < PACK_MOST ? most + SMALLEST : PACK_MOST;
    return most;
}
