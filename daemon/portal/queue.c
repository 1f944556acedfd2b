#include "daemon/portal/queue.h"

#include <stdio.h>
#include <string.h>

#include "common/mem.h"

struct lane {
    struct lane *next; /* in its slot */
    char name[sizeof((struct call *)0)->lane];
    struct call *first;  /* waiting, by lane_next, in order */
    struct call *listed; /* the one that stands in ready[listed_in] for the lane */
    enum priority listed_in;
    int64_t in_flight;
};

/* FNV-1a. */
static size_t slot_of(const char *name)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (; *name != '\0'; name++)
        hash = (hash ^ (unsigned char)*name) * UINT64_C(0x100000001b3);
    return hash % QUEUE_LANE_SLOTS;
}

static struct lane *lane_of(struct queue *queue, const char *name)
{
    struct lane **slot = &queue->lanes[slot_of(name)];
    for (struct lane *lane = *slot; lane != NULL; lane = lane->next)
        if (strcmp(lane->name, name) == 0)
            return lane;
    struct lane *lane = mem_alloc(sizeof *lane);
    (void)snprintf(lane->name, sizeof lane->name, "%s", name);
    lane->next = *slot;
    *slot = lane;
    return lane;
}

static void lane_drop(struct queue *queue, struct lane *lane)
{
    struct lane **at = &queue->lanes[slot_of(lane->name)];
    while (*at != lane)
        at = &(*at)->next;
    *at = lane->next;
    mem_free(lane);
}

/* In order of submission; new calls are the newest, so the end is looked at first. */
static void list_insert(struct call_list *list, struct call *call)
{
    struct call *after = list->last; /* `call` comes behind this one */
    if (after != NULL && after->order > call->order) {
        struct call *before = list->first;
        while (before->order < call->order)
            before = before->next;
        after = before->prev;
    }
    call->prev = after;
    call->next = after != NULL ? after->next : list->first;
    *(call->next != NULL ? &call->next->prev : &list->last) = call;
    *(after != NULL ? &after->next : &list->first) = call;
}

static void list_remove(struct call_list *list, struct call *call)
{
    *(call->prev != NULL ? &call->prev->next : &list->first) = call->next;
    *(call->next != NULL ? &call->next->prev : &list->last) = call->prev;
    call->next = call->prev = NULL;
}

static void lane_insert(struct lane *lane, struct call *call)
{
    struct call **at = &lane->first;
    while (*at != NULL && (*at)->order < call->order)
        at = &(*at)->lane_next;
    call->lane_next = *at;
    *at = call;
}

/* Who should stand in the lists for the lane, and where. */
static struct call *lane_candidate(const struct lane *lane, enum priority *ret)
{
    if (lane->in_flight > 0 || lane->first == NULL)
        return NULL;
    *ret = lane->first->priority;
    for (const struct call *call = lane->first->lane_next; call != NULL; call = call->lane_next)
        *ret = call->priority < *ret ? call->priority : *ret;
    return lane->first;
}

/* Brings the lists in line with the lane; an empty lane ends. */
static void lane_refresh(struct queue *queue, struct lane *lane)
{
    enum priority priority = PRIORITY_BULK;
    struct call *candidate = lane_candidate(lane, &priority);
    bool moved = candidate != lane->listed || priority != lane->listed_in;
    if (lane->listed != NULL && moved) {
        list_remove(&queue->ready[lane->listed_in], lane->listed);
        lane->listed = NULL;
    }
    if (candidate != NULL && moved) {
        list_insert(&queue->ready[priority], candidate);
        lane->listed = candidate;
        lane->listed_in = priority;
    }
    if (lane->first == NULL && lane->in_flight == 0)
        lane_drop(queue, lane);
}

static void stand(struct queue *queue, struct call *call)
{
    queue->waiting++;
    if (call->lane[0] == '\0') {
        list_insert(&queue->ready[call->priority], call);
        return;
    }
    if (call->in_lane == NULL)
        call->in_lane = lane_of(queue, call->lane);
    lane_insert(call->in_lane, call);
    lane_refresh(queue, call->in_lane);
}

void queue_init(struct queue *queue)
{
    memset(queue, 0, sizeof *queue);
}

void queue_done(struct queue *queue)
{
    for (size_t i = 0; i < QUEUE_LANE_SLOTS; i++) {
        while (queue->lanes[i] != NULL)
            lane_drop(queue, queue->lanes[i]);
    }
}

void queue_add(struct queue *queue, struct call *call)
{
    call->order = ++queue->order;
    stand(queue, call);
}

void queue_take(struct queue *queue, struct call *call)
{
    queue->waiting--;
    queue->in_flight++;
    struct lane *lane = call->in_lane;
    if (lane == NULL) {
        list_remove(&queue->ready[call->priority], call);
        return;
    }
    lane->first = call->lane_next;
    call->lane_next = NULL;
    lane->in_flight++;
    lane_refresh(queue, lane);
}

struct call *queue_follower(const struct call *taken)
{
    return taken->in_lane != NULL ? taken->in_lane->first : NULL;
}

void queue_put_back(struct queue *queue, struct call *call)
{
    queue->in_flight--;
    if (call->in_lane != NULL)
        call->in_lane->in_flight--;
    stand(queue, call);
}

void queue_finish(struct queue *queue, struct call *call)
{
    queue->in_flight--;
    struct lane *lane = call->in_lane;
    if (lane == NULL)
        return;
    call->in_lane = NULL;
    lane->in_flight--;
    lane_refresh(queue, lane);
}

struct call *queue_any(struct queue *queue)
{
    if (queue->waiting == 0)
        return NULL;
    for (size_t i = 0; i < QUEUE_PRIORITIES; i++)
        if (queue->ready[i].first != NULL)
            return queue->ready[i].first;
    /* Behind one of its lane that is in flight. */
    for (size_t i = 0; i < QUEUE_LANE_SLOTS; i++)
        for (struct lane *lane = queue->lanes[i]; lane != NULL; lane = lane->next)
            if (lane->first != NULL)
                return lane->first;
    return NULL;
}

int64_t queue_since(const struct queue *queue)
{
    int64_t oldest = 0;
    for (size_t i = 0; i < QUEUE_PRIORITIES; i++) {
        const struct call *first = queue->ready[i].first;
        if (first != NULL && (oldest == 0 || first->since_ms < oldest))
            oldest = first->since_ms;
    }
    return oldest;
}
