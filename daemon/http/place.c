#include "daemon/http/place.h"

#include <netinet/in.h>
#include <stddef.h>

#include "common/mem.h"

static void unlink_place(struct places *all, struct place *p)
{
    *(p->before != NULL ? &p->before->behind : &all->oldest) = p->behind;
    *(p->behind != NULL ? &p->behind->before : &all->newest) = p->before;
    p->before = p->behind = NULL;
}

static void append(struct places *all, struct place *p)
{
    p->since_ms = all->now_ms;
    p->before = all->newest;
    *(all->newest != NULL ? &all->newest->behind : &all->oldest) = p;
    all->newest = p;
}

/* An IPv6 client has a whole /64 to itself, so that is what counts as its address. */
static int address_of(const struct sockaddr *sa)
{
    const unsigned char *bytes = NULL;
    size_t size = 0;
    if (sa != NULL && sa->sa_family == AF_INET) {
        bytes = (const unsigned char *)&((const struct sockaddr_in *)(const void *)sa)->sin_addr;
        size = 4;
    } else if (sa != NULL && sa->sa_family == AF_INET6) {
        const struct in6_addr *in6 = &((const struct sockaddr_in6 *)(const void *)sa)->sin6_addr;
        bool mapped = IN6_IS_ADDR_V4MAPPED(in6);
        bytes = in6->s6_addr + (mapped ? 12 : 0);
        size = mapped ? 4 : 8;
    }
    uint32_t hash = 2166136261U; /* FNV-1a */
    for (size_t i = 0; i < size; i++)
        hash = (hash ^ bytes[i]) * 16777619U;
    return size > 0 ? (int)((hash ^ hash >> 16) % PLACE_ADDRESSES) : -1;
}

struct place *place_enter(struct places *all, int fd, const struct sockaddr *sa)
{
    struct place *p = mem_alloc(sizeof *p);
    p->fd = fd;
    p->address = address_of(sa);
    p->state = PLACE_FRESH;
    append(all, p);
    all->count++;
    if (p->address >= 0)
        all->per_address[p->address]++;
    return p;
}

void place_leave(struct places *all, struct place *p)
{
    unlink_place(all, p);
    all->count--;
    if (p->address >= 0)
        all->per_address[p->address]--;
    mem_free(p);
}

void place_turn(struct places *all, struct place *p, enum place_state state)
{
    bool useful = (p->state == PLACE_IDLE && state == PLACE_READING) || state == PLACE_ANSWERED ||
                  state == PLACE_IDLE;
    if (p->state == PLACE_TAKEN)
        return;
    p->state = state;
    if (!useful)
        return;
    unlink_place(all, p);
    append(all, p);
}

/* The server's loop notices the end of the stream and closes the connection. */
static void take(struct place *p)
{
    (void)shutdown(p->fd, SHUT_RDWR);
    p->state = PLACE_TAKEN;
}

static bool lacks_request(const struct place *p)
{
    return p->state == PLACE_FRESH || p->state == PLACE_IDLE || p->state == PLACE_READING;
}

bool places_take_oldest(struct places *all, int address)
{
    for (struct place *p = all->oldest; p != NULL; p = p->behind) {
        if (!lacks_request(p) || (address >= 0 && p->address != address))
            continue;
        take(p);
        return true;
    }
    return false;
}

int places_take_since(struct places *all, int64_t since_ms)
{
    int taken = 0;
    for (struct place *p = all->oldest; p != NULL && p->since_ms <= since_ms; p = p->behind) {
        if (!lacks_request(p) && p->state != PLACE_ANSWERED)
            continue;
        take(p);
        taken++;
    }
    return taken;
}

bool places_owe(const struct places *all, int64_t silent_since_ms)
{
    for (const struct place *p = all->oldest; p != NULL; p = p->behind)
        if (p->state == PLACE_READING || p->state == PLACE_HANDLED || p->state == PLACE_ANSWERED ||
            (p->state == PLACE_FRESH && p->since_ms > silent_since_ms))
            return true;
    return false;
}

bool places_answer(const struct places *all)
{
    for (const struct place *p = all->oldest; p != NULL; p = p->behind)
        if (p->state == PLACE_HANDLED || p->state == PLACE_ANSWERED)
            return true;
    return false;
}
